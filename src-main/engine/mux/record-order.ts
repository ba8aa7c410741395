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
  private spent = 0;
  private since = -1;

  /**
   * Whether not more than `most` bytes would be under way in early records with `bytes` more. They are counted
   * anew whenever the peer has delivered the first that was counted: about once in a round trip.
   */
  fits(bytes: number, most: number, below: number): boolean {
    return (this.since < below ? 0 : this.spent) + bytes <= most;
  }

  /** `bytes` leave with early record `seq`. */
  spend(bytes: number, seq: number, below: number): void {
    if (this.since < below) {
      this.since = seq;
      this.spent = 0;
    }
    this.spent += bytes;
  }
}
