import type { Clock } from '../../base/clock.ts';

const BUCKET_MS = 250;
const BUCKETS = 8;
/** Assumed of an idle path, and of the slowest, bytes per second. */
const MIN_RATE = 256_000;
/** A body may occupy the path for this long: what is in it is of no use before its end has arrived. */
const BODY_MS = 250;
const MIN_BODY = 32 << 10;
/**
 * Bodies under way beside what the round trip needs: one arrives while another is made. Not more, as a body that is
 * made while all are under way is a fuller one (measured on loopback: requests of 256 KiB, a record each, cost twice
 * the CPU of whole bodies).
 */
const SPARE_BODIES = 2;
/** A body is as good as full where another record might not fit, bytes. */
const MAX_RECORD = 256 << 10;
/**
 * Of what may be under way, this share may be in bodies that are not full: a request costs more than its bytes, and a
 * path that has half of that is not waiting for more (measured at 100 ms: an eighth more goes up).
 */
const PARTIAL_SHARE = 0.5;
/** Moving so much in the time of all buckets, with so much added for each message, is worth a stream. */
const BUSY_BYTES = 64 << 10;
const MESSAGE_BYTES = 4 << 10;
/** Round trips are judged by the least of this long. */
const RTT_MEMORY_MS = 30_000;

/**
 * Chooses how much one direction of a path has under way. Body x requests follow the rate the path showed and its
 * shortest round trip; as the amount allowed is always more than what that rate needs, it grows while the path gives.
 */
export class PathRate {
  private readonly clock: Clock;
  private readonly buckets = new Float64Array(BUCKETS);
  private readonly messages = new Float64Array(BUCKETS);
  private bucket = 0;
  private minRtt = 0;
  private minRttAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** `bytes` arrived at the other end, or here. */
  moved(bytes: number): void {
    this.turn();
    this.buckets[this.bucket % BUCKETS] += bytes;
    if (bytes > 0) this.messages[this.bucket % BUCKETS]++;
  }

  /** Data has moved often or much lately. */
  get isBusy(): boolean {
    this.turn();
    let sum = 0;
    for (let i = 0; i < BUCKETS; i++) sum += this.buckets[i] + this.messages[i] * MESSAGE_BYTES;
    return sum >= BUSY_BYTES;
  }

  roundTrip(ms: number): void {
    const now = this.clock.now();
    if (ms > this.minRtt && now - this.minRttAt < RTT_MEMORY_MS) return;
    this.minRtt = Math.max(0, ms);
    this.minRttAt = now;
  }

  /** Shortest round trip lately, ms. */
  get rttMs(): number {
    return this.minRtt;
  }

  /** Bytes per second, the best of the last two seconds. */
  get rate(): number {
    this.turn();
    let best = 0;
    for (const bytes of this.buckets) best = Math.max(best, bytes);
    return Math.max(MIN_RATE, (best * 1000) / BUCKET_MS);
  }

  /** Bytes of one body. */
  body(limit: number): number {
    return Math.min(limit, Math.max(MIN_BODY, (this.rate * BODY_MS) / 1000));
  }

  /** Bytes that may be under way: twice what the round trip needs, so that it grows while the path gives. */
  window(limit: number): number {
    return (this.rate * 2 * this.minRtt) / 1000 + SPARE_BODIES * this.body(limit);
  }

  /** Requests that may have them under way. */
  requests(limit: number): number {
    return Math.ceil(this.window(limit) / this.body(limit));
  }

  /** Whether one more body may leave, where `waiting` bytes are there for it. */
  mayStart(limit: number, underWay: { bytes: number; count: number }, waiting: number): boolean {
    const share = waiting >= this.body(limit) - MAX_RECORD ? 1 : PARTIAL_SHARE;
    return underWay.bytes < this.window(limit) * share && underWay.count < this.requests(limit) * share;
  }

  private turn(): void {
    const now = Math.floor(this.clock.now() / BUCKET_MS);
    for (let i = Math.max(this.bucket, now - BUCKETS) + 1; i <= now; i++) {
      this.buckets[i % BUCKETS] = 0;
      this.messages[i % BUCKETS] = 0;
    }
    this.bucket = Math.max(this.bucket, now);
  }
}
