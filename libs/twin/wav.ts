/** Sound as samples per channel, -1..1. */
export type Sound = { rate: number; channels: Float32Array[] };

/** A 16-bit PCM WAV file, the kind every reader understands. */
export function pcmWav(rate: number, channels: Int16Array[]): Buffer {
  const frames = channels[0]?.length ?? 0;
  const blockBytes = channels.length * 2;
  const data = Buffer.alloc(frames * blockBytes);
  channels.forEach((samples, channel) => {
    for (let i = 0; i < frames; i++) data.writeInt16LE(samples[i] ?? 0, i * blockBytes + channel * 2);
  });
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + data.length, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(channels.length, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * blockBytes, 28);
  header.writeUInt16LE(blockBytes, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(data.length, 40);
  return Buffer.concat([header, data]);
}

/** Two channels of nothing. */
export const silentWav = (seconds: number): Buffer =>
  pcmWav(8000, [new Int16Array(seconds * 8000), new Int16Array(seconds * 8000)]);

type Chunks = { format: Buffer; data: Buffer };

function chunksOf(file: Buffer): Chunks | undefined {
  if (file.length < 12 || file.toString("latin1", 0, 4) !== "RIFF" || file.toString("latin1", 8, 12) !== "WAVE") {
    return undefined;
  }
  let format: Buffer | undefined;
  for (let at = 12; at + 8 <= file.length; ) {
    const name = file.toString("latin1", at, at + 4);
    const size = file.readUInt32LE(at + 4);
    const body = file.subarray(at + 8, Math.min(file.length, at + 8 + size));
    if (name === "fmt ") format = body;
    if (name === "data" && format !== undefined) return { format, data: body };
    at += 8 + size + (size % 2);
  }
  return undefined;
}

/** Reads 8- and 16-bit PCM and 32-bit float WAV; undefined for anything else. */
export function readWav(file: Buffer): Sound | undefined {
  const chunks = chunksOf(file);
  if (chunks === undefined || chunks.format.length < 16) return undefined;
  const { format, data } = chunks;
  const channelCount = format.readUInt16LE(2);
  const bits = format.readUInt16LE(14);
  const bytes = bits / 8;
  const frames = Math.floor(data.length / (bytes * channelCount));
  const sampleAt = (offset: number): number => {
    if (bits === 8) return (data.readUInt8(offset) - 128) / 128;
    return bits === 16 ? data.readInt16LE(offset) / 32768 : data.readFloatLE(offset);
  };
  if (![8, 16, 32].includes(bits) || channelCount === 0) return undefined;
  const channels = Array.from({ length: channelCount }, (_, channel) =>
    Float32Array.from({ length: frames }, (_sample, frame) => sampleAt((frame * channelCount + channel) * bytes)),
  );
  return { rate: format.readUInt32LE(4), channels };
}

const stepSizes = [
  7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107, 118,
  130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963, 1060,
  1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484,
  7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
];
const indexSteps = [-1, -1, -1, -1, 2, 4, 6, 8];

/**
 * Expands an IMA ADPCM WAV (format 17) to 16-bit PCM. The shipped sample is stored that way because a stereo call in
 * PCM would weigh four times as much, and CloudTalk's stand-in must still serve plain WAV.
 */
export function expandAdpcmWav(file: Buffer): Buffer {
  const chunks = chunksOf(file);
  if (chunks === undefined || chunks.format.readUInt16LE(0) !== 17) throw new Error("Not an IMA ADPCM WAV file");
  const { format, data } = chunks;
  const channelCount = format.readUInt16LE(2);
  const blockBytes = format.readUInt16LE(12);
  const samplesPerBlock = format.readUInt16LE(18);
  const blocks = Math.floor(data.length / blockBytes);
  const channels = Array.from({ length: channelCount }, () => new Int16Array(blocks * samplesPerBlock));
  for (let block = 0; block < blocks; block++) {
    channels.forEach((samples, channel) => {
      const start = block * blockBytes;
      const first = block * samplesPerBlock;
      let predicted = data.readInt16LE(start + channel * 4);
      let index = data.readUInt8(start + channel * 4 + 2);
      samples[first] = predicted;
      for (let i = 0; i < samplesPerBlock - 1; i++) {
        const offset =
          start + channelCount * 4 + Math.floor(i / 8) * channelCount * 4 + channel * 4 + Math.floor((i % 8) / 2);
        const code = i % 2 === 0 ? data.readUInt8(offset) & 15 : data.readUInt8(offset) >> 4;
        const step = stepSizes[index] ?? 7;
        let difference = step >> 3;
        if (code & 4) difference += step;
        if (code & 2) difference += step >> 1;
        if (code & 1) difference += step >> 2;
        predicted = Math.max(-32768, Math.min(32767, predicted + (code & 8 ? -difference : difference)));
        index = Math.max(0, Math.min(88, index + (indexSteps[code & 7] ?? 0)));
        samples[first + 1 + i] = predicted;
      }
    });
  }
  return pcmWav(format.readUInt32LE(4), channels);
}
