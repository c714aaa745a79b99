const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** What fetching one recording may cost, and how long we look for it. */
export const recordingLimits = {
  /** An hour of 8 kHz stereo WAV is 115 MB; four hours still fit. */
  bytesMax: 512 * 1024 * 1024,
  /** From the first packet to the end of the answer's headers, each hop on its own. */
  answerMs: 20 * second,
  /** Silence in the middle of a body. CloudTalk makes the WAV while it sends it, so pauses happen. */
  idleMs: 30 * second,
  /** 512 MiB in a quarter of an hour is 5 Mbit/s; a lease renewed for longer would hold the call's queue. */
  totalMs: 15 * minute,
  /** CloudTalk may hand the file over to its storage host; nobody honest needs more. */
  redirectsMax: 3,
  /** Enough for every container to show what it is. */
  headBytes: 16 * 1024,
  /** Reading the stored object again for its duration; without it the duration stays unknown. */
  describeMs: minute,
  /**
   * Announced but not there yet: when to look again, counted from the event that made us look. The vendor uploads within
   * seconds, so the first looks are close together; after minutes something is wrong there and rare looks are enough.
   */
  retryAtMs: [
    ...[5 * second, 15 * second, 45 * second],
    ...[2 * minute, 5 * minute, 10 * minute, 20 * minute, 40 * minute],
    ...[80 * minute, 2 * hour, 3 * hour, 4 * hour, 5 * hour],
  ],
  /**
   * Not announced: some accounts send no recording webhook, others record nothing. Looks are counted from the end of the
   * call and few, because each is one of the company's 60 operations a minute.
   */
  unannouncedAtMs: [minute, 5 * minute, 20 * minute, hour, 3 * hour],
  /** Counted from the end of the call. A vendor that has no recording after six hours will never have one. */
  notReadyGiveUpMs: 6 * hour,
  /** An announced recording gets this long after its announcement even if the vendor's clock says the call is long over. */
  announcedGraceMs: 5 * minute,
  /** A line that was too slow for an hour of looks is taken for what it will stay. */
  slowGiveUpMs: hour,
};

export type RecordingLimits = typeof recordingLimits;
