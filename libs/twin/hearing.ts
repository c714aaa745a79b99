import { sampleCall, sha256, type Turn } from "./sample-call.ts";
import { readWav, type Sound } from "./wav.ts";

/** What a perfect transcriber hears: turns in seconds of the given audio, and how long it lasts. */
export type Heard = { turns: Turn[]; seconds: number };

/**
 * Recognises the sample call whole (by sha-256) or in pieces: one leg of it, or a part, cut out and re-encoded as WAV
 * at any rate, is found by its loudness over time. Silence is heard as nothing, unknown audio as `unknownText`.
 */
export function hear(audio: Buffer, unknownText: string): Heard {
  const whole = wholeSample(audio);
  if (whole !== undefined) return whole;
  const sound = readWav(audio);
  if (sound === undefined) return { turns: said(unknownText, 3), seconds: 3 };
  const seconds = (sound.channels[0]?.length ?? 0) / sound.rate;
  if (sound.channels.every((samples) => samples.every((value) => Math.abs(value) < 0.002)))
    return { turns: [], seconds };
  return { turns: pieceOfSample(sound) ?? said(unknownText, seconds), seconds };
}

const said = (text: string, seconds: number): Turn[] =>
  text === "" ? [] : [{ start: 0, end: seconds, speaker: "customer", text }];

let sampleHashes: Set<string> | undefined;

function wholeSample(audio: Buffer): Heard | undefined {
  const { wav, mp3, turns, durationSeconds } = sampleCall();
  sampleHashes ??= new Set([sha256(wav), sha256(mp3)]);
  return sampleHashes.has(sha256(audio)) ? { turns, seconds: durationSeconds } : undefined;
}

const frameSeconds = 0.02;

/** Loudness per 20 ms, all channels mixed. */
function loudness({ rate, channels }: Sound): Float32Array {
  const size = Math.round(rate * frameSeconds);
  const frames = Math.floor((channels[0]?.length ?? 0) / size);
  return Float32Array.from({ length: frames }, (_, frame) => {
    let sum = 0;
    for (let i = frame * size; i < (frame + 1) * size; i++) {
      let mixed = 0;
      for (const samples of channels) mixed += samples[i] ?? 0;
      sum += mixed * mixed;
    }
    return Math.sqrt(sum / size);
  });
}

type Leg = { envelope: Float32Array; speaker: Turn["speaker"] | "both" };

let sampleLegs: Leg[] | undefined;

function legs(): Leg[] {
  if (sampleLegs !== undefined) return sampleLegs;
  const sound = readWav(sampleCall().wav);
  if (sound === undefined) throw new Error("The sample call is not a readable WAV file");
  const [agent = new Float32Array(), customer = new Float32Array()] = sound.channels;
  sampleLegs = [
    { envelope: loudness(sound), speaker: "both" },
    { envelope: loudness({ rate: sound.rate, channels: [agent] }), speaker: "agent" },
    { envelope: loudness({ rate: sound.rate, channels: [customer] }), speaker: "customer" },
  ];
  return sampleLegs;
}

/** Alike enough to be the same sound: re-sampling and re-quantising leave the loudness curve above this. */
const sameSound = 0.9;

/** Finds where in the sample the sound was cut from, and says what is spoken there. */
function pieceOfSample(sound: Sound): Turn[] | undefined {
  const piece = loudness(sound);
  let best = { likeness: 0, offset: 0, speaker: "both" as Leg["speaker"] };
  for (const { envelope, speaker } of legs()) {
    for (let offset = 0; offset === 0 || offset + piece.length <= envelope.length; offset++) {
      const likeness = correlation(piece, envelope, offset);
      if (likeness > best.likeness) best = { likeness, offset, speaker };
    }
  }
  if (best.likeness < sameSound) return undefined;
  const from = best.offset * frameSeconds;
  const to = from + piece.length * frameSeconds;
  return sampleCall()
    .turns.filter((turn) => best.speaker === "both" || turn.speaker === best.speaker)
    .filter((turn) => middle(turn) >= from && middle(turn) <= to)
    .map((turn) => ({ ...turn, start: Math.max(0, round(turn.start - from)), end: round(turn.end - from) }));
}

const middle = (turn: Turn): number => (turn.start + turn.end) / 2;
const round = (seconds: number): number => Number(seconds.toFixed(3));

/** Pearson's correlation of a piece with the part of the whole that starts at `offset`. */
function correlation(piece: Float32Array, whole: Float32Array, offset: number): number {
  const n = Math.min(piece.length, whole.length - offset);
  if (n < 10) return 0;
  let a = 0;
  let b = 0;
  let aa = 0;
  let bb = 0;
  let ab = 0;
  for (let i = 0; i < n; i++) {
    const x = piece[i] ?? 0;
    const y = whole[offset + i] ?? 0;
    a += x;
    b += y;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  const spread = Math.sqrt((n * aa - a * a) * (n * bb - b * b));
  return spread === 0 ? 0 : (n * ab - a * b) / spread;
}
