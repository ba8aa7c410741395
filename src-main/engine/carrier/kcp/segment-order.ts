import { ahead } from './segment.ts';

/** Puts the segments that arrive in order. What waits for an earlier one is held, within a bound. */
export class SegmentOrder {
  /** The number below which everything has arrived, as the wire has it. */
  next = 0;
  /** Bytes held because an earlier segment is missing. */
  held = 0;
  /** How long segments wait for earlier ones, ms, on average of late. */
  waitMs = 0;
  private readonly early = new Map<number, { data: Buffer; at: number }>();
  private readonly capacity: number;
  /** Largest segment so far: what the window is counted in. */
  private largest: number;

  constructor(capacity: number, largest: number) {
    this.capacity = capacity;
    this.largest = largest;
  }

  /** Segments beyond `next` that fit. */
  get window(): number {
    return Math.min(65_535, Math.max(1, Math.floor(this.capacity / this.largest)));
  }

  /** Whether a segment may come in: neither further ahead than the window, nor more than can be held. */
  fits(sn: number, length: number): boolean {
    const distance = ahead(sn, this.next);
    if (distance <= 0) return true;
    return distance < this.window && (this.held + length <= this.capacity || this.early.has(sn));
  }

  /** Takes one that fits. What is in order now is given to `deliver`, which must not keep it. */
  put(sn: number, data: Buffer, now: number, deliver: (data: Buffer) => void): void {
    this.largest = Math.max(this.largest, data.length);
    const distance = ahead(sn, this.next);
    if (distance < 0 || this.early.has(sn)) return;
    if (distance > 0) {
      this.early.set(sn, { data: Buffer.from(data), at: now });
      this.held += data.length;
      return;
    }
    this.next = (this.next + 1) >>> 0;
    this.waited(0);
    deliver(data);
    for (let held = this.early.get(this.next); held !== undefined; held = this.early.get(this.next)) {
      this.early.delete(this.next);
      this.held -= held.data.length;
      this.next = (this.next + 1) >>> 0;
      this.waited(now - held.at);
      deliver(held.data);
    }
  }

  private waited(ms: number): void {
    this.waitMs += (ms - this.waitMs) / AVERAGE_OVER;
  }
}

/** Segments. */
const AVERAGE_OVER = 128;
