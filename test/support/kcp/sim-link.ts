import type { Clock } from '../../../src-main/engine/base/clock.ts';
import type { Seeded } from '../seeded.ts';

export interface LinkOptions {
  /** Bytes per ms; 12,500 is 100 Mbit/s. */
  rate: number;
  /** One way, ms. */
  delay: number;
  /** What may wait for the link, ms of its rate. */
  queueMs: number;
  /** Share of datagrams lost, 0 to 1, whatever the queue. */
  loss: number;
  /** Share that comes twice, and that comes up to 20 ms late. */
  duplicate?: number;
  reorder?: number;
}

/** Bytes of the IP and UDP headers, which the link carries too. */
const HEADERS = 28;

/** One direction of a path in virtual time: rate, queue with tail drop, delay and random loss. */
export class SimLink {
  options: LinkOptions;
  /** What was given to it, headers included. */
  readonly stats = { datagrams: 0, bytes: 0, lost: 0, dropped: 0, longestQueueMs: 0 };
  private readonly clock: Clock;
  private readonly random: Seeded;
  private freeAt = 0;

  constructor(options: LinkOptions, clock: Clock, random: Seeded) {
    this.options = options;
    this.clock = clock;
    this.random = random;
  }

  /** How long a datagram would wait now, ms. */
  get queueMs(): number {
    return Math.max(0, this.freeAt - this.clock.now());
  }

  /** Carries `bytes`; `arrive` is called when they are there, if ever. */
  carry(bytes: number, arrive: () => void): void {
    const { stats, options } = this;
    stats.datagrams++;
    stats.bytes += bytes + HEADERS;
    const now = this.clock.now();
    const wait = Math.max(0, this.freeAt - now);
    if (wait > options.queueMs) {
      stats.dropped++;
      return;
    }
    stats.longestQueueMs = Math.max(stats.longestQueueMs, wait);
    this.freeAt = now + wait + (bytes + HEADERS) / options.rate;
    // Lost behind the queue: what is lost has cost the link its time.
    if (this.random.chance(options.loss)) {
      stats.lost++;
      return;
    }
    const late = this.random.chance(options.reorder ?? 0) ? this.random.int(1, 20) : 0;
    this.clock.after(this.freeAt - now + options.delay + late, arrive);
    if (this.random.chance(options.duplicate ?? 0))
      this.clock.after(this.freeAt - now + options.delay, arrive);
  }
}
