import type { Clock } from '../base/clock.ts';

const MIN_RECORD = 16 << 10;
const START_RECORD = 64 << 10;
const MAX_RECORD = 256 << 10;
/** A record may occupy the path for this long: nothing in it is usable before its last byte has arrived. */
const RECORD_MS = 10;
/** Shortest time over which a rate is judged, while something is out all the time. */
const WINDOW_MS = 20;
/** What is out all at once and acknowledged sooner tells of no slowness: an ACK may be 20 ms late by itself. */
const SLOW_MS = 40;
/** The clock stands still within a turn of the event loop. */
const SHORTEST_MS = 1;

/**
 * Chooses the size of records from the rate at which the peer acknowledges. Large records spare cipher set-ups and
 * system calls on fast paths (on a loopback path records of 16 KiB cost half the rate); small ones keep a slow path
 * interactive.
 *
 * A sample is as slow as the path or as the user, who may have had nothing to send. As in "Delivery Rate Estimation"
 * (draft-cheng-iccrg-delivery-rate-estimation §2.2) one of the user's counts only where it is faster than what was
 * known: what did not fill a record within the sample makes no record smaller.
 */
export class RateMeter {
  /** Plaintext bytes of the next record, at most. */
  recordBytes = START_RECORD;
  private readonly clock: Clock;
  private since: number | undefined;
  private bytes = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** A record left. */
  sent(): void {
    this.since ??= this.clock.now();
  }

  /** `bytes` were acknowledged, `left` of those that were sent are still out. */
  acked(bytes: number, left: number): void {
    if (this.since === undefined) return;
    this.bytes += bytes;
    const now = this.clock.now();
    const elapsed = now - this.since;
    if (left > 0 && elapsed < WINDOW_MS) return;
    const target = (this.bytes / Math.max(SHORTEST_MS, elapsed)) * RECORD_MS;
    const filled = this.bytes + left >= this.recordBytes;
    if (target > this.recordBytes || (filled && (left > 0 || elapsed >= SLOW_MS))) {
      this.recordBytes = Math.min(MAX_RECORD, Math.max(MIN_RECORD, Math.round(target)));
    }
    this.since = left > 0 ? now : undefined;
    this.bytes = 0;
  }
}
