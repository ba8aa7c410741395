/**
 * Where the frames of one stream (or the OPENs of all) went last, by number of record, so that an early record takes
 * none that would overtake an earlier one of its kind.
 */
export class RecordOrder {
  /** The last ordinary record with one. */
  ordinary = -1;
  /** The last early one. */
  early = -1;
  /** Frames that wait for an ordinary record. */
  queued = 0;
  /** The record with the stream's OPEN; -1: the peer opened it. CREDIT may overtake everything but that. */
  opened = -1;
  private markedAt = Number.NEGATIVE_INFINITY;
  private sentThen = 0;

  /**
   * Whether the stream sends not more than `most` bytes in about `ms`, with `bytes` more; `sent` are all so far,
   * by whatever way.
   */
  isSlow(sent: number, bytes: number, most: number, ms: number, now: number): boolean {
    if (now - this.markedAt >= ms) {
      this.markedAt = now;
      this.sentThen = sent;
    }
    return sent - this.sentThen + bytes <= most;
  }
}

/**
 * Bytes under way in early records. They are counted anew whenever the peer has delivered the first that was counted:
 * about once in a round trip.
 */
export class EarlyBytes {
  private spent = 0;
  private since = -1;

  /** `below`: the peer has delivered all records below this number. */
  at(below: number): number {
    return this.since < below ? 0 : this.spent;
  }

  /** `bytes` leave with record `seq`. */
  add(bytes: number, seq: number, below: number): void {
    if (this.since < below) {
      this.since = seq;
      this.spent = 0;
    }
    this.spent += bytes;
  }
}
