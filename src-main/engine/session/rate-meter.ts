import type { Clock } from '../base/clock.ts';

const MIN_RECORD = 16 << 10;
const START_RECORD = 64 << 10;
const MAX_RECORD = 256 << 10;
/** A record may occupy the path for this long: nothing in it is usable before its last byte has arrived. */
const RECORD_MS = 10;
/** Shortest time over which a rate is judged. */
const WINDOW_MS = 20;

/**
 * Chooses the size of records from the rate at which the peer acknowledges. Large records spare cipher set-ups and
 * system calls on fast paths; small ones keep a slow path interactive.
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

  /** `bytes` were acknowledged; `more`: others are still out, so the path, not the user, set the pace. */
  acked(bytes: number, more: boolean): void {
    const now = this.clock.now();
    if (this.since === undefined) {
      if (more) this.since = now;
      return;
    }
    this.bytes += bytes;
    const elapsed = now - this.since;
    if (elapsed >= WINDOW_MS) {
      const target = (this.bytes / elapsed) * RECORD_MS;
      this.recordBytes = Math.min(MAX_RECORD, Math.max(MIN_RECORD, Math.round(target)));
    } else if (more) return;
    this.since = more ? now : undefined;
    this.bytes = 0;
  }
}
