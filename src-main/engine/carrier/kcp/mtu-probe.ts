/** Trials of one size that must be lost before it counts as too large. */
const TRIES = 3;

/** Finds the largest of a list of datagram sizes that arrives, trying one at a time, upward. */
export class MtuProbe {
  /** The largest known to arrive. */
  size: number;
  /** Under way. */
  trying: number | undefined;
  private readonly sizes: readonly number[];
  private index = 0;
  private fails = 0;

  /** Ascending; the first is taken to arrive. */
  constructor(sizes: readonly number[]) {
    this.sizes = sizes;
    this.size = sizes[0];
  }

  /** The size to try now, if there is one. */
  next(): number | undefined {
    return this.trying === undefined && this.fails < TRIES ? this.sizes[this.index + 1] : undefined;
  }

  /** True when the size that may be used has grown. */
  passed(size: number): boolean {
    if (size === this.trying) this.trying = undefined;
    if (size !== this.sizes[this.index + 1]) return false;
    this.index++;
    this.fails = 0;
    this.size = size;
    return true;
  }

  failed(size: number): void {
    if (size !== this.trying) return;
    this.trying = undefined;
    this.fails++;
  }
}
