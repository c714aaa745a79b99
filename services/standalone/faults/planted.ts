import type { Bus } from "@callbridge/bus";
import type { EventLog } from "@callbridge/event-log";
import type { Service } from "@callbridge/service";

/** How a process is built wrongly on purpose. None of it is in the product. */
export type Planted = {
  log?: (log: EventLog) => EventLog;
  bus?: (bus: Bus) => Bus;
  service?: (service: Service) => Service;
};

/** Bugs that the schedules must find: whoever cannot see these sees nothing. */
export const plantedBugs: Record<string, Planted> = {
  /** Whatever ended in doubt is sent again without a look. */
  "no read-back": {
    service: ({ effects = [], ...service }) => ({
      ...service,
      effects: effects.map((effect) => ({ ...effect, readBack: async () => undefined })),
    }),
  },

  /** Everybody may work on everything at once. */
  "no lease": { log: (log) => ({ ...log, takeLease: async () => true }) },

  /** The same report gets another key whenever it comes. */
  "a key from now": {
    log: (log) => ({
      ...log,
      append: ({ events = [], ...request }) => {
        const keyed = events.map((entry) => {
          const { key, source } = entry.event;
          if (source !== "cloudtalk" && source !== "ghl") return entry;
          const fact = `${"fact" in key ? key.fact : key.entity}@${request.now.getTime()}`;
          return { ...entry, event: { ...entry.event, key: { fact } } };
        });
        return log.append({ ...request, events: keyed });
      },
    }),
  },

  /** The bus is told that it is done before it is. */
  "ack before append": {
    bus: (bus) => ({
      ...bus,
      consume: (consumer, deliver, options) =>
        bus.consume(
          consumer,
          async (announcement, deliveries) => {
            deliver(announcement, deliveries).catch(() => undefined);
          },
          options,
        ),
    }),
  },

  /** The mark says how far events were handed out, not how far they are done. */
  "a skipping cursor": {
    log: (log) => ({
      ...log,
      saveMark: async (consumer, position, now) =>
        log.saveMark(consumer, position === 0 ? 0 : await log.lastPosition(), now),
    }),
  },
};
