import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { expandAdpcmWav } from "./wav.ts";

/** One thing one person says; times in seconds from the start of the recording. */
export type Turn = { start: number; end: number; speaker: "agent" | "customer"; text: string };

const truth = z.object({
  turns: z.array(
    z.object({ start: z.number(), end: z.number(), speaker: z.enum(["agent", "customer"]), text: z.string() }),
  ),
});

const file = (name: string): Buffer => readFileSync(join(import.meta.dirname, "sample", name));

export const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** The shipped call: agent left, customer right. Its words are in `sample/truth.json`, made by `sample/make-call.sh`. */
export type SampleCall = { turns: Turn[]; durationSeconds: number; wav: Buffer; mp3: Buffer };

let loaded: SampleCall | undefined;

/** Read and expanded once per process: the files never change. */
export function sampleCall(): SampleCall {
  loaded ??= {
    turns: truth.parse(JSON.parse(file("truth.json").toString())).turns,
    durationSeconds: 69.57,
    wav: expandAdpcmWav(file("call.stereo.8k.adpcm.wav")),
    mp3: file("call.stereo.8k.mp3"),
  };
  return loaded;
}
