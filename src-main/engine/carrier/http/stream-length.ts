import type { Clock } from '../../base/clock.ts';
import { MAX_BODY, STREAM_BYTES } from './limits.ts';
import { RECHECK_MS } from './path-memory.ts';

/** After one that arrived whole, the next may be longer by this. */
const GROWTH = 8;
/** A streamed request that may not even be this long is of no use, bytes. */
const MIN_STREAM = 64 << 10;

/**
 * Learns how long a streamed request may be: a gateway limits its body like any other (nginx: 1 MiB by default), and
 * says so only once it has become too long.
 */
export class StreamLength {
  /** After so many bytes a stream ends, and the next one begins. */
  bytes = MAX_BODY;
  private readonly clock: Clock;
  private arrivedBytes = 0;
  private refusedAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  arrived(bytes: number): void {
    this.arrivedBytes = Math.max(this.arrivedBytes, bytes);
    if (bytes < this.bytes / 2 || this.clock.now() - this.refusedAt < RECHECK_MS) return;
    this.bytes = Math.min(STREAM_BYTES, this.bytes * GROWTH);
  }

  /** 413 after `bytes`. False: what may still be as long is too short. */
  refused(bytes: number): boolean {
    this.refusedAt = this.clock.now();
    if (this.arrivedBytes >= bytes) this.arrivedBytes = 0;
    const known = this.arrivedBytes > MIN_STREAM ? this.arrivedBytes : bytes / GROWTH;
    this.bytes = Math.floor(Math.min(this.bytes, known));
    return this.bytes >= MIN_STREAM;
  }
}
