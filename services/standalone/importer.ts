import { createEmbeddedBus } from "@callbridge/bus";
import { createCloudTalk } from "@callbridge/cloudtalk";
import { newId, openEventLog } from "@callbridge/event-log";
import { type ImportTally, isEvent, stream } from "@callbridge/events";
import { createGhl } from "@callbridge/ghl";
import { createLogger, openGate, type Service, settingsOf, startService, syncSettings } from "@callbridge/service";
import { type FreshLog, until } from "@callbridge/testing";
import type { Twin } from "@callbridge/twin";
import type { GateReport } from "@callbridge/vendor";
import { contactSync } from "../contact-sync/handler.ts";
import { contactEffect } from "../ghl-writer/contact-effect.ts";

const account = "default";
type Place = Pick<FreshLog, "log" | "url" | "keyring">;
const clock = () => new Date();
const timing = {
  ...{ identifyDeadlineMs: 60_000, otherWebhookMs: 1_000, detailsAfterMs: 100, indexLagMs: 1_000 },
  ...{ sweepEveryMs: 3_600_000, sweepWindowMs: 3_600_000, sweepGraceMs: 1_000 },
};

type Limit = { limitMax: number; windowMs: number };
/** A process that brings contacts over. Its log is its own, so that it can die without a word. */
export type Importer = { stop: () => Promise<void>; die: () => Promise<void> };

/** contact-sync, and what ghl-writer does for it, against the twin. For tests of imports and sweeps. */
export function startImporter(
  twin: Twin,
  fresh: Place,
  options: { limit?: Limit; settleMs?: number; sync?: object; failed?: (error: unknown) => void } = {},
): Importer {
  const { keyring } = fresh;
  const log = openEventLog({ url: fresh.url, keyring, poolSize: 8 });
  const logger = createLogger("silent");
  const bus = createEmbeddedBus(log);
  const gate = (vendor: "cloudtalk" | "ghl", work: "calls" | "contacts" | "sweep") => {
    const limit = vendor === "cloudtalk" && options.limit ? { limit: options.limit } : {};
    const opened = openGate({ log, logger, clock, account, vendor, work, ...limit });
    // CloudTalk's headers do not say how long its window is, and it is known to be a minute; the twin's may be another.
    return "limit" in limit ? { ...opened, report: ({ limit: _, ...how }: GateReport) => opened.report(how) } : opened;
  };
  const { urls, credentials } = twin;
  const cloudtalkFor = (work: "calls" | "contacts" | "sweep") =>
    createCloudTalk({
      ...{ keyId: credentials.cloudtalkKeyId, secret: credentials.cloudtalkSecret },
      ...{ baseUrl: urls.cloudtalk, analyticsUrl: urls.analytics, gate: gate("cloudtalk", work) },
    });
  const ghlFor = (work: "calls" | "contacts" | "sweep") =>
    createGhl({
      ...{ token: () => credentials.ghlToken, locationId: credentials.ghlLocationId },
      ...{ baseUrl: urls.ghl, gate: gate("ghl", work) },
    });
  const ghl = ghlFor("calls");
  const services: Service[] = [
    contactSync({
      ...{ cloudtalk: cloudtalkFor("calls"), ghl, cloudtalkHost: "twin", account, log, ...timing },
      syncing: { cloudtalk: cloudtalkFor("contacts") },
      sweeping: { cloudtalk: cloudtalkFor("sweep"), ghl: ghlFor("sweep") },
      unknownCaller: "create",
      sync: syncSettings.parse(options.sync ?? { sweep: { everyMs: 0 } }),
      ...{ mapping: settingsOf(), platformHost: "twin" },
    }),
    { name: "ghl-writer", handlers: [], effects: [contactEffect(ghl, "twin")] },
  ];
  const settleMs = options.settleMs ?? 500;
  const platform = { log, bus, keyring, clock, logger, drainMs: 0, duePollMs: 50 };
  const running = services.map((service) => startService([{ account, service, settleMs }], platform));
  const stop = async () => {
    await Promise.all(running.map((one) => one?.stop()));
    await bus.close();
    await log.close().catch(() => undefined);
  };
  return {
    stop,
    die: async () => {
      await log.close();
      await stop().catch(() => undefined);
    },
  };
}

/** Asks for an import, as the command line does. */
export async function askForImport(
  { log }: Place,
  from: "ghl" | "cloudtalk",
  { dryRun = false, atOnce = 10 } = {},
): Promise<string> {
  const key = `import:${newId()}`;
  const event = {
    ...{ type: "sync.import_requested" as const, stream: stream.account(account), key: { fact: key }, source: "test" },
    ...{ time: clock().toISOString(), data: { from, dryRun, atOnce }, personal: {} },
  };
  await log.append({ now: clock(), events: [{ account, event, cause: { correlationId: key } }] });
  return key;
}

/** How many contacts an import has done. */
export async function doneIn({ log }: Place, key: string): Promise<number> {
  const { events } = await log.stream(account, stream.account(account));
  const last = events.findLast((event) => isEvent(event, "sync.import_progressed") && event.data.import === key);
  return last && isEvent(last, "sync.import_progressed") ? last.data.tally.found : 0;
}

/** The tally of an import, once it is finished. */
export async function finished({ log }: Place, key: string, limitMs?: number): Promise<ImportTally> {
  return await until(
    "the import is finished",
    async () => {
      const { events } = await log.stream(account, stream.account(account));
      const end = events.find((event) => isEvent(event, "sync.import_finished") && event.data.import === key);
      return end && isEvent(end, "sync.import_finished") ? end.data.tally : undefined;
    },
    limitMs,
  );
}
