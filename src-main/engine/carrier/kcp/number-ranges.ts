/** A set of numbers as ranges `[from, to)`, newest first. */
export type Ranges = ReadonlyArray<readonly [from: number, to: number]>;

/**
 * The numbers of the datagrams that arrived: each is accepted once, which makes a replay harmless, and the newest
 * ranges go back to the sender as acknowledgement.
 *
 * Bounded: of more than `limit` ranges the oldest goes, and what is below the ones kept counts as seen. A datagram
 * that is later than that is lost, as on any path.
 */
export class NumberRanges {
  private readonly ranges: [from: number, to: number][] = [];
  private readonly limit: number;
  private floor = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get newest(): number {
    return this.ranges.length === 0 ? -1 : this.ranges[0][1] - 1;
  }

  has(n: number): boolean {
    if (n < this.floor) return true;
    for (const [from, to] of this.ranges) {
      if (n >= to) return false;
      if (n >= from) return true;
    }
    return false;
  }

  /** False when it is in it already. */
  add(n: number): boolean {
    if (n < this.floor) return false;
    const { ranges } = this;
    let i = 0;
    while (i < ranges.length && n < ranges[i][0]) i++;
    const below = ranges[i];
    if (below !== undefined && n < below[1]) return false;
    const above = i > 0 ? ranges[i - 1] : undefined;
    if (below !== undefined && below[1] === n) {
      below[1] = n + 1;
      if (above !== undefined && above[0] === n + 1) {
        above[0] = below[0];
        ranges.splice(i, 1);
      }
    } else if (above !== undefined && above[0] === n + 1) {
      above[0] = n;
    } else {
      ranges.splice(i, 0, [n, n + 1]);
      if (ranges.length > this.limit) this.floor = ranges.pop()?.[1] ?? this.floor;
    }
    return true;
  }

  /** The newest ranges, at most `count`. Valid until the next `add`. */
  top(count: number): Ranges {
    return this.ranges.length <= count ? this.ranges : this.ranges.slice(0, count);
  }
}
