import type { RecordOrder } from './record-order.ts';

/** A frame that waits for a record, and what it must not overtake. */
export interface QueuedFrame {
  readonly bytes: Buffer;
  readonly order: RecordOrder;
  /** Of an OPEN: the order among all OPENs. */
  readonly opens: RecordOrder | undefined;
}

/** Frames that were given are cut off the array in runs of this many, so that giving is O(1) amortised. */
const COMPACT_AT = 1024;

/** Frames other than DATA and CREDIT, first in, first out. */
export class FrameQueue {
  private readonly frames: QueuedFrame[] = [];
  private readonly counts: boolean;
  private head = 0;

  /** `counts`: what waits here is counted in the orders' `queued`. */
  constructor(counts: boolean) {
    this.counts = counts;
  }

  get size(): number {
    return this.frames.length - this.head;
  }

  push(frame: QueuedFrame): void {
    this.frames.push(frame);
    if (this.counts) this.count(frame, 1);
  }

  private count({ order, opens }: QueuedFrame, by: 1 | -1): void {
    order.queued += by;
    if (opens !== undefined) opens.queued += by;
  }

  peek(): QueuedFrame | undefined {
    return this.frames[this.head];
  }

  /** Takes the first one off. */
  drop(): void {
    if (this.counts) this.count(this.frames[this.head], -1);
    this.head++;
    if (this.head === this.frames.length) return this.clear();
    if (this.head < COMPACT_AT) return;
    this.frames.splice(0, this.head);
    this.head = 0;
  }

  clear(): void {
    this.frames.length = 0;
    this.head = 0;
  }

  /** Moves frames of together at most `limit` bytes to `parts`, for ordinary record `seq`; returns their bytes. */
  pull(parts: Buffer[], limit: number, seq: number): number {
    let length = 0;
    for (let next = this.peek(); next !== undefined; next = this.peek()) {
      const { bytes, order, opens } = next;
      if (length + bytes.length > limit) break;
      parts.push(bytes);
      length += bytes.length;
      order.ordinary = seq;
      if (opens !== undefined) {
        opens.ordinary = seq;
        order.opened = seq;
      }
      this.drop();
    }
    return length;
  }
}
