/** Small recordings made of arithmetic, for tests. */

export type WavShape = {
  seconds?: number;
  channels?: number;
  rate?: number;
  declared?: { riff: number; data: number };
};

/** 16-bit PCM. `declared`: lengths that are not true, as a writer leaves them who cannot go back. */
export function sampleWav({ seconds = 1, channels = 2, rate = 8_000, declared }: WavShape = {}): Buffer {
  const dataBytes = Math.round(seconds * rate) * channels * 2;
  const wav = Buffer.alloc(44 + dataBytes);
  wav.write("RIFF", 0, "latin1");
  wav.writeUInt32LE(declared?.riff ?? 36 + dataBytes, 4);
  wav.write("WAVEfmt ", 8, "latin1");
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(channels, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * channels * 2, 28);
  wav.writeUInt16LE(channels * 2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write("data", 36, "latin1");
  wav.writeUInt32LE(declared?.data ?? dataBytes, 40);
  for (let at = 44; at < wav.length; at += 2) wav.writeInt16LE(Math.round(8_000 * Math.sin(at / 40)), at);
  return wav;
}

/** Silent MPEG 2.5 layer III at 8 kHz, 32 kbit/s: frames of 288 bytes and 72 ms, as telephony exports them. */
export function sampleMp3({ frames = 50, channels = 2 }: { frames?: number; channels?: 1 | 2 } = {}): Buffer {
  const frame = Buffer.alloc(288);
  frame.set([0xff, 0xe3, 0x48, channels === 1 ? 0xc0 : 0x00]);
  return Buffer.concat(Array.from({ length: frames }, () => frame));
}

/** Ogg Opus: its two headers, then one page of nothing that says how many samples there were (48 kHz). */
export function sampleOgg({ seconds = 3, channels = 1 }: { seconds?: number; channels?: number } = {}): Buffer {
  const head = Buffer.alloc(19);
  head.write("OpusHead", "latin1");
  head.set([1, channels], 8);
  head.writeUInt32LE(48_000, 12);
  const tags = Buffer.concat([Buffer.from("OpusTags"), Buffer.alloc(8)]);
  const page = (flags: number, granule: number, index: number, content: Buffer) => {
    const header = Buffer.alloc(28);
    header.write("OggS", "latin1");
    header.writeUInt8(flags, 5);
    header.writeBigUInt64LE(BigInt(granule), 6);
    header.writeUInt32LE(1, 14);
    header.writeUInt32LE(index, 18);
    header.set([1, content.length], 26);
    return Buffer.concat([header, content]);
  };
  return Buffer.concat([page(2, 0, 0, head), page(0, 0, 1, tags), page(4, seconds * 48_000, 2, Buffer.alloc(50))]);
}
