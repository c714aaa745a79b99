import { createEmbeddedBus } from "@callbridge/bus";
import { createCloudTalk } from "@callbridge/cloudtalk";
import type { Keyring } from "@callbridge/event-log";
import { createGhl } from "@callbridge/ghl";
import { createLogger, type Platform, platformOf, type Service, settingsOf, startService } from "@callbridge/service";
import type { TwinInProcess } from "@callbridge/twin";
import type { MemoryLog } from "../../../libs/testing/memory-log.ts";
import { contactSync } from "../../contact-sync/handler.ts";
import { ghlWriter } from "../../ghl-writer/handler.ts";
import type { Running } from "../faults/machines.ts";
import { portedLog } from "../faults/ported-log.ts";
import type { SimulatedProcess } from "../faults/process.ts";
import type { Random } from "../faults/random.ts";
import { account } from "../faults/replica.ts";
import type { Broker } from "../faults/shared-bus.ts";
import type { SimulatedTime } from "../faults/simulated-time.ts";
import type { PlantedInSync } from "./planted.ts";
import { type SyncSchedule, settleMs, tags } from "./schedule.ts";
import { type UnderWay, wayToVendors } from "./vendors.ts";

/** What outlives the processes. */
export type Ground = {
  schedule: SyncSchedule;
  planted: PlantedInSync;
  time: SimulatedTime;
  random: Random;
  keyring: Keyring;
  log: MemoryLog;
  broker: Broker;
  twin: TwinInProcess;
  underWay: UnderWay;
};

/** Rules of every kind: both ways, one way, a custom field with an attribute, a renamed tag, tags that nobody is told of. */
const mapping = settingsOf({
  sync: {
    sweep: { everyMs: 0 },
    fields: [
      { ghl: "name", cloudtalk: "name" },
      { ghl: "companyName", cloudtalk: "company", direction: "to-cloudtalk" },
      { ghl: "city", cloudtalk: "city" },
      { ghl: "custom:plan", cloudtalk: "attribute:Plan" },
    ],
    tags: { names: { "VIP customer": "vip" }, ignore: tags.ignored },
  },
});

const aDayMs = 86_400_000;
const timing = {
  ...{ noteDelayMs: 60_000, identifyDeadlineMs: 3_600_000, otherWebhookMs: 10_000, detailsAfterMs: 2_000 },
  ...{ indexLagMs: 5_000, sweepEveryMs: aDayMs, sweepWindowMs: 60_000, sweepGraceMs: 0 },
};
const logger = createLogger("silent");

/** The services that write to contacts, in one simulated process: the real ones, their real clients, and the twin. */
export function startInstallation(ground: Ground, process: SimulatedProcess, pollMs: number): Running {
  const { schedule, planted, time, keyring, twin, underWay } = ground;
  const { clock } = time;
  const log = portedLog(ground, process);
  const bus =
    schedule.bus === "shared"
      ? ground.broker.bus(process, log)
      : createEmbeddedBus(log, { clock, alarms: process.alarms, pollMs });
  const platform: Platform = {
    ...{ log, bus, keyring, clock, alarms: process.alarms, logger, drainMs: 15_000 },
    duePollMs: pollMs,
  };
  const { gate, exclusively } = platformOf(platform, account);
  const plain = wayToVendors(twin, process, time.nowMs, underWay);
  const fetch = planted.fetch?.()(plain) ?? plain;
  const { credentials, urls } = twin;
  const ghlFor = (work: "calls" | "sweep") =>
    createGhl({
      ...{ token: () => credentials.ghlToken, locationId: credentials.ghlLocationId, baseUrl: urls.ghl },
      ...{ gate: gate("ghl", work), fetch },
    });
  const ghl = ghlFor("calls");
  const cloudtalkFor = (work: "calls" | "contacts" | "sweep") =>
    createCloudTalk({
      ...{ keyId: credentials.cloudtalkKeyId, secret: credentials.cloudtalkSecret },
      ...{ baseUrl: urls.cloudtalk, analyticsUrl: urls.analytics, now: time.nowMs },
      ...{ gate: gate("cloudtalk", work), fetch },
    });
  const services: Service[] = [
    contactSync({
      ...{ cloudtalk: cloudtalkFor("calls"), ghl, cloudtalkHost: "twin", platformHost: "twin", account, log },
      syncing: { cloudtalk: cloudtalkFor("contacts") },
      sweeping: { cloudtalk: cloudtalkFor("sweep"), ghl: ghlFor("sweep") },
      ...{ unknownCaller: "create", ...timing, sync: mapping.sync, mapping },
    }),
    ghlWriter({
      ...{ ghl, ghlHost: "twin", timeZone: "UTC", noteDelayMs: timing.noteDelayMs, exclusively, mapping },
      ...{ callLog: { kind: "note-only" }, recordingLink: () => undefined },
    }),
  ];
  const running = services.map((service) =>
    startService([{ account, service: (planted.service ?? same)(service), settleMs }], platform),
  );
  return {
    process,
    log,
    stop: async () => {
      await Promise.all(running.map((one) => one?.stop()));
      await bus.close();
    },
  };
}

const same = <T>(value: T): T => value;
