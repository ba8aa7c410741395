import type { Clock } from '../base/clock.ts';

/** Bytes that the queues of all associations hold together. */
export class ByteBudget {
  readonly max: number;
  used = 0;

  constructor(max: number) {
    this.max = max;
  }
}

export interface DatagramQueueOptions {
  /** Bytes it holds; one datagram it holds whatever its size. */
  maxBytes: number;
  /** What it holds counts against this too. When that is used up, a queue gets no longer. */
  budget: ByteBudget;
  /** What waited longer than this is dropped instead of given, ms. */
  lateMs: number;
  clock: Clock;
  /** So many were dropped. */
  onDropped: (count: number) => void;
}

interface Waiting<T> {
  readonly item: T;
  readonly bytes: number;
  readonly at: number;
}

/** What an entry costs beside its bytes, so that many small datagrams stay within the cap too. */
const ENTRY_COST = 64;
/** Given entries are cut off the array in runs of this many, so that giving is O(1) amortised. */
const COMPACT_AT = 256;

/**
 * Datagrams that cannot be sent yet. When it is full the oldest go, and what has waited too long is never given: a
 * late datagram is worth less than the one behind it, and both worth less than the time they would take.
 */
export class DatagramQueue<T> {
  private readonly options: DatagramQueueOptions;
  private entries: Waiting<T>[] = [];
  private head = 0;
  private held = 0;

  constructor(options: DatagramQueueOptions) {
    this.options = options;
  }

  /** Datagrams that wait. */
  get size(): number {
    return this.entries.length - this.head;
  }
  /** Bytes held, with a fixed cost per datagram. */
  get bytes(): number {
    return this.held;
  }

  push(item: T, bytes: number): void {
    const { maxBytes, budget, clock, onDropped } = this.options;
    const cost = bytes + ENTRY_COST;
    let dropped = 0;
    while (this.size > 0 && (this.held + cost > maxBytes || budget.used + cost > budget.max)) {
      this.take();
      dropped++;
    }
    if (budget.used + cost > budget.max) dropped++;
    else {
      this.entries.push({ item, bytes: cost, at: clock.now() });
      this.held += cost;
      budget.used += cost;
    }
    if (dropped > 0) onDropped(dropped);
  }

  /** The oldest that is not late; undefined when none is left. */
  shift(): T | undefined {
    const since = this.options.clock.now() - this.options.lateMs;
    let dropped = 0;
    let found: T | undefined;
    while (found === undefined && this.size > 0) {
      const entry = this.take();
      if (entry.at >= since) found = entry.item;
      else dropped++;
    }
    if (dropped > 0) this.options.onDropped(dropped);
    return found;
  }

  /** Drops all. */
  clear(): void {
    const dropped = this.size;
    this.options.budget.used -= this.held;
    this.entries = [];
    this.head = 0;
    this.held = 0;
    if (dropped > 0) this.options.onDropped(dropped);
  }

  private take(): Waiting<T> {
    const entry = this.entries[this.head++];
    this.held -= entry.bytes;
    this.options.budget.used -= entry.bytes;
    if (this.head >= COMPACT_AT || this.head === this.entries.length) {
      this.entries.splice(0, this.head);
      this.head = 0;
    }
    return entry;
  }
}
