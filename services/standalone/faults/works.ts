import { type Keyring, leaseMs } from "@callbridge/event-log";
import { stream } from "@callbridge/events";
import { RetryLater } from "@callbridge/service";
import type { Storage } from "@callbridge/storage";
import type { Analyse } from "../../analysis/analyse.ts";
import type { Transcribe } from "../../analysis/transcribe.ts";
import type { fetchRecording } from "../../recording/fetch.ts";
import type { CallCentre, RealCall } from "./call-centre.ts";
import type { SimulatedProcess, Trouble } from "./process.ts";
import { account } from "./replica.ts";
import { beginningMs, type SimulatedTime } from "./simulated-time.ts";

type Work = { process: SimulatedProcess; sinceMs: number };

/** Downloads, transcriptions and analyses: work that costs money, and that a lease keeps from being done twice at once. */
export type Works = {
  fetch: (process: SimulatedProcess, storage: Storage) => typeof fetchRecording;
  analysis: (process: SimulatedProcess) => { transcribe: Transcribe; analyse: Analyse };
  /** Work that was done twice at once, though nobody had died or stood still. */
  doubled: () => readonly string[];
};

/** A process that stood still may have lost its lease without knowing it: what it does then is refused by its keys. */
const holdsItsLease = ({ process, sinceMs }: Work) => process.alive() && !process.pausedSince(sinceMs - leaseMs);

const latency = { minMs: 500, maxMs: 6_000 };

export function works(time: SimulatedTime, keyring: Keyring, { calls }: CallCentre): Works {
  const running = new Map<string, Set<Work>>();
  const doubled: string[] = [];
  const recordings = new Map<string, RealCall>();
  for (const call of calls) {
    for (const name of [stream.callById(call.callId), stream.callByUuid(call.callUuid)]) {
      recordings.set(`recording/${keyring.hash(account, name)}`, call);
    }
  }

  async function alone<T>(process: SimulatedProcess, what: string, work: () => Promise<T>): Promise<T> {
    const others = running.get(what) ?? new Set();
    running.set(what, others);
    const mine = { process, sinceMs: time.nowMs() };
    for (const other of others) {
      if ([mine, other].every(holdsItsLease)) doubled.push(`${what} twice at once`);
    }
    others.add(mine);
    try {
      return await work();
    } finally {
      others.delete(mine);
    }
  }

  return {
    doubled: () => doubled,
    fetch:
      (process, storage) =>
      async (_sources, { name }) => {
        const call = recordings.get(name);
        if (!call) return { unavailable: "not-found" };
        // Two ids that nothing has linked yet are two recordings to us.
        return alone(process, `download of ${name}`, async () => {
          const { recordingAfterMs } = call;
          const isThere = await process.port(
            "recording.fetch",
            () => recordingAfterMs !== undefined && time.nowMs() >= beginningMs + call.endMs + recordingAfterMs,
            troubleOf,
            latency,
          );
          if (!isThere) return { later: "not-found" };
          const stored = await storage.put(name, Buffer.from(call.callId));
          return { stored: { ...stored, mediaType: "audio/wav", durationSeconds: 10 } };
        });
      },
    analysis: (process) => ({
      transcribe: ({ content }) =>
        alone(process, `transcription of ${content}`, () =>
          process.port("speech.transcribe", () => transcriptOf(String(content)), troubleOf, latency),
        ),
      analyse: ({ transcript }) => {
        const callId = /speech of (\d+)/.exec(transcript)?.[1] ?? "";
        return alone(process, `analysis of ${callId}`, () =>
          process.port("language.analyse", () => opinionOn(callId), troubleOf, latency),
        );
      },
    }),
  };
}

const troubleOf = (trouble: Trouble) =>
  trouble === "refused" ? new RetryLater(2_000, "not now") : new Error("no answer");

function transcriptOf(callId: string): Awaited<ReturnType<Transcribe>> {
  const transcript = { version: 1, model: "speech", text: `speech of ${callId}`, segments: [] } as const;
  return { transcript: { ...transcript, segments: [] }, requestId: undefined };
}

function opinionOn(callId: string): Awaited<ReturnType<Analyse>> {
  return {
    given: {
      ...{ language: "en", callType: "support", headline: `About ${callId}`, summary: `What was said in ${callId}.` },
      ...{ outcome: "Done.", resolution: "resolved", sentiment: "neutral", criteria: [], actionItems: [] },
      ...{ coaching: [], nextStep: null, topics: [] },
    },
    ...{ model: "language", requestId: undefined, inputTokens: 1, outputTokens: 1 },
  };
}
