import type { Clock } from '../base/clock.ts';

export interface ReplayCacheOptions {
  readonly clock: Pick<Clock, 'now'>;
  /**
   * How long a key is remembered, in milliseconds. A message is acceptable while its clock is within the skew
   * of ours, either way, so this must be at least twice the skew.
   */
  readonly lifetimeMs: number;
  /** Most keys remembered at a time. */
  readonly capacity: number;
}

interface Entry {
  readonly key: string;
  readonly expires: number;
}

/** Expired entries at the head of the queue are cut off once they are this many and half of it. */
const COMPACT_AT = 1024;

/**
 * Remembers the ephemeral keys of first messages, so that each is accepted once within its lifetime.
 *
 * Full of unexpired keys it refuses new ones (fails closed) and forgets none: forgetting would let whoever can
 * push keys through reopen the door for a replay. Strangers cannot fill it, because a key is offered only
 * after its message verified under a user key. A user can, and would then lock others out, so a server with
 * several users gives each a cache of their own.
 *
 * All keys live equally long, so they expire in the order they came: a queue beside the set makes expiry O(1)
 * amortised. (A `Map` iterated from its front is not: it steps over deleted entries again each time.)
 */
export class ReplayCache {
  private readonly clock: Pick<Clock, 'now'>;
  private readonly lifetimeMs: number;
  private readonly capacity: number;
  private readonly seen = new Set<string>();
  private queue: Entry[] = [];
  private head = 0;

  constructor(options: ReplayCacheOptions) {
    this.clock = options.clock;
    this.lifetimeMs = options.lifetimeMs;
    this.capacity = options.capacity;
  }

  /** Keys remembered, including those that expired since the last `accept`. */
  get size(): number {
    return this.seen.size;
  }

  /** True the first time; false for a key seen within the lifetime, and for any new key while full. */
  accept(key: Buffer): boolean {
    const now = this.clock.now();
    this.expire(now);
    const name = key.toString('latin1');
    if (this.seen.has(name) || this.seen.size >= this.capacity) return false;
    this.seen.add(name);
    this.queue.push({ key: name, expires: now + this.lifetimeMs });
    return true;
  }

  private expire(now: number): void {
    while (this.head < this.queue.length && this.queue[this.head].expires <= now) {
      this.seen.delete(this.queue[this.head].key);
      this.head++;
    }
    if (this.head === this.queue.length || (this.head >= COMPACT_AT && this.head * 2 >= this.queue.length)) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
  }
}
