import type { AnyHandler, Service } from "@callbridge/service";
import type { Fetch } from "@callbridge/vendor";

/** How a process is built wrongly on purpose. None of it is in the product. */
export type PlantedInSync = { service?: (service: Service) => Service; fetch?: () => (fetch: Fetch) => Fetch };

const inSync =
  (change: (handler: AnyHandler) => AnyHandler) =>
  ({ handlers, ...service }: Service): Service => ({
    ...service,
    handlers: handlers.map((handler) => (handler.name === "sync" ? change(handler) : handler)),
  });

/** Bugs that the schedules must find: whoever cannot see these sees nothing. */
export const plantedInSync: Record<string, PlantedInSync> = {
  /** Nobody remembers what both sides agreed on. */
  "no base": {
    service: inSync((handler) => ({ ...handler, fold: (events) => ({ ...handler.fold(events), base: undefined }) })),
  },

  /** Tags are sent with an update of the contact, which overwrites them. */
  "tags by overwrite": {
    fetch: () => (fetch) => (url, request) => {
      if (request.method !== "POST" || !/\/contacts\/[^/]+\/tags$/.test(url.pathname)) return fetch(url, request);
      return fetch(new URL(url.href.replace(/\/tags$/, "")), { ...request, method: "PUT" });
    },
  },

  /** What was read before a write is a minute old. */
  "no fresh read before a write": {
    fetch: () => {
      const answers = new Map<string, { text: string; until: number }>();
      let reads = 0;
      return (fetch) => async (url, request) => {
        if (!url.pathname.includes("/contacts/show/")) return fetch(url, request);
        reads += 1;
        const known = answers.get(url.pathname);
        if (known && known.until > reads) return new Response(known.text);
        const answer = await fetch(url, request);
        if (!answer.ok) return answer;
        const text = await answer.text();
        answers.set(url.pathname, { text, until: reads + 4 });
        return new Response(text);
      };
    },
  },

  /** A decision that is made again still believes what was read for the first one. */
  "a stale read after a conflict": {
    service: inSync((handler) => ({
      ...handler,
      decide: (event, state, context) =>
        handler.decide(event, state, {
          ...context,
          once: (name, read) => context.once(name.replace(/:\d+$/, ""), read),
        }),
    })),
  },

  /** Every look at a pair is an agreement: a change that came before the look is nobody's any more. */
  "the latest look wins": {
    service: inSync((handler) => ({
      ...handler,
      fold: (events) => {
        const pair = handler.fold(events);
        return { ...pair, base: pair.seen.ghl ?? pair.base };
      },
    })),
  },
};
