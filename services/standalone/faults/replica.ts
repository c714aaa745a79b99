import { createEmbeddedBus } from "@callbridge/bus";
import type { Keyring } from "@callbridge/event-log";
import { createLogger, type Platform, platformOf, type Service, settingsOf, startService } from "@callbridge/service";
import type { Storage } from "@callbridge/storage";
import type { MemoryLog } from "../../../libs/testing/memory-log.ts";
import { feedbackHandler } from "../../analysis/feedback-handler.ts";
import { analysisLimits } from "../../analysis/limits.ts";
import { defaultRubric } from "../../analysis/rubric.ts";
import { transcriptionHandler } from "../../analysis/transcription-handler.ts";
import { contactSync } from "../../contact-sync/handler.ts";
import { ghlWriter } from "../../ghl-writer/handler.ts";
import { recordingHandler } from "../../recording/handler.ts";
import { type CallCentre, callCentreClient } from "./call-centre.ts";
import { type Crm, crmClient } from "./crm.ts";
import type { Running } from "./machines.ts";
import type { Planted } from "./planted.ts";
import { portedLog } from "./ported-log.ts";
import type { SimulatedProcess } from "./process.ts";
import type { Random } from "./random.ts";
import { type Schedule, settleMs } from "./schedule.ts";
import type { Broker } from "./shared-bus.ts";
import type { SimulatedTime } from "./simulated-time.ts";
import { vendorPort } from "./vendor-port.ts";
import type { Works } from "./works.ts";

export const account = "default";

/** Shorter than the defaults where only waiting would be longer; what is assumed of the vendors is as it is. */
const timing = {
  noteDelayMs: 60_000,
  identifyDeadlineMs: 3_600_000,
  otherWebhookMs: 10_000,
  detailsAfterMs: 2_000,
  indexLagMs: 5_000,
  sweepEveryMs: 120_000,
  sweepWindowMs: 6 * 3_600_000,
  sweepGraceMs: 90_000,
};

/** What outlives the processes. */
export type Surroundings = {
  schedule: Schedule;
  planted: Planted;
  time: SimulatedTime;
  random: Random;
  keyring: Keyring;
  log: MemoryLog;
  broker: Broker;
  crm: Crm;
  callCentre: CallCentre;
  objects: Map<string, Buffer>;
  works: Works;
};

const logger = createLogger("silent");

/** All services of an installation in one simulated process: the real ones, with every port faked. */
export function startReplica(world: Surroundings, process: SimulatedProcess, pollMs: number): Running {
  const { schedule, planted, time, keyring, callCentre, crm, works } = world;
  const { clock } = time;
  const log = (planted.log ?? same)(portedLog(world, process));
  const plain =
    schedule.bus === "shared"
      ? world.broker.bus(process, log)
      : createEmbeddedBus(log, { clock, alarms: process.alarms, pollMs });
  const bus = (planted.bus ?? same)(plain);
  const platform: Platform = {
    ...{ log, bus, keyring, clock, alarms: process.alarms, logger, drainMs: 15_000 },
    duePollMs: pollMs,
  };
  const { gate, exclusively } = platformOf(platform, account);
  const ghlFor = (work: "calls" | "sweep") =>
    crmClient(crm, vendorPort(process, gate("ghl", work), "ghl"), { time, ...schedule });
  const ghl = ghlFor("calls");
  const cloudtalkFor = (work: "calls" | "contacts" | "sweep") =>
    callCentreClient(callCentre, vendorPort(process, gate("cloudtalk", work), "cloudtalk"), { time, lagMs: 0 });
  const cloudtalk = cloudtalkFor("calls");
  const storage = portedStorage(world, process);
  const analysis = works.analysis(process);
  const services: Service[] = [
    contactSync({
      ...{
        cloudtalk,
        syncing: { cloudtalk: cloudtalkFor("contacts") },
        sweeping: { cloudtalk: cloudtalkFor("sweep"), ghl: ghlFor("sweep") },
        cloudtalkHost: "call-centre.example",
        ghl,
        account,
        log,
      },
      ...{ unknownCaller: "create", ...timing, sync: mapping.sync, mapping, platformHost: "call-centre.example" },
    }),
    {
      name: "recording",
      handlers: [
        recordingHandler({ cloudtalk: { recording }, storage, allowedHosts: [], fetch: works.fetch(process, storage) }),
      ],
    },
    {
      name: "analysis",
      handlers: [
        transcriptionHandler({ transcribe: analysis.transcribe, storage, limits: analysisLimits }),
        feedbackHandler({
          ...{ analyse: analysis.analyse, storage, rubric: defaultRubric, limits: analysisLimits },
          instructions: { text: "", sha256: "0".repeat(64) },
        }),
      ],
    },
    ghlWriter({
      ...{ ghl, ghlHost: "crm.example", timeZone: "UTC", noteDelayMs: timing.noteDelayMs, exclusively, mapping },
      callLog:
        schedule.callLog === "provider"
          ? { kind: "provider", conversationProviderId: "provider-1" }
          : { kind: "inbound-webhook", url: "https://crm.example/hooks/calls" },
      recordingLink: (ref) => `https://calls.example/r/${ref}`,
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

/** Never asked: what is fetched from where is simulated as one. */
const recording = async () => ({ notYet: true }) as const;
const mapping = settingsOf({ sync: { sweep: { everyMs: 0 } } });
const same = <T>(value: T): T => value;
function portedStorage({ objects }: Surroundings, process: SimulatedProcess): Storage {
  const port = <T>(name: string, run: () => T) => process.port(`storage.${name}`, run, () => new Error("disk"));
  return {
    put: (ref, content) =>
      port("put", () => {
        const bytes = Buffer.isBuffer(content) ? content : Buffer.alloc(0);
        objects.set(ref, bytes);
        return { ref, sha256: "0".repeat(64), bytes: bytes.length };
      }),
    size: (ref) => port("size", () => objects.get(ref)?.length),
    read: () => {
      throw new Error("nobody reads parts here");
    },
    readAll: (ref) =>
      port("readAll", () => {
        const found = objects.get(ref);
        if (!found) throw new Error(`no object ${ref}`);
        return found;
      }),
    delete: (ref) => port("delete", () => void objects.delete(ref)),
  };
}
