import { ahead } from './segment.ts';

/**
 * The numbers of segments that arrived, where each is of use by itself: every one is handed on at once, and only
 * once. Bounded by the window: none further ahead of the first that is missing is taken.
 */
export class SegmentSet {
  /** The number below which everything has arrived, as the wire has it. */
  next = 0;
  /** Numbers that a sender may use beyond `next`. */
  readonly window: number;
  private readonly beyond = new Set<number>();

  constructor(window: number) {
    this.window = window;
  }

  /** Numbers that came ahead of others. */
  get size(): number {
    return this.beyond.size;
  }

  fits(sn: number): boolean {
    return ahead(sn, this.next) < this.window;
  }

  /** False when it came before. */
  add(sn: number): boolean {
    const distance = ahead(sn, this.next);
    if (distance < 0 || this.beyond.has(sn)) return false;
    if (distance > 0) {
      this.beyond.add(sn);
      return true;
    }
    do this.next = (this.next + 1) >>> 0;
    while (this.beyond.delete(this.next));
    return true;
  }
}
