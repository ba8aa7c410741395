/** Buckets per doubling: a value is known to within 1/128 of itself. */
const PER_OCTAVE_BITS = 6;
const PER_OCTAVE = 1 << PER_OCTAVE_BITS;

/** Larger values are counted as this one: 2^31 - 1 µs, over half an hour. */
const LARGEST = 2 ** 31 - 1;
const BUCKETS = (31 - PER_OCTAVE_BITS + 1) * PER_OCTAVE;

/**
 * Counts of values in buckets whose width grows with the value (the layout of HdrHistogram): 13 KiB however
 * many samples. Values are whole microseconds; smaller than 64 they are exact.
 */
export class LatencyHistogram {
  private readonly counts = new Float64Array(BUCKETS);
  private total = 0;
  private sum = 0;
  private largest = 0;

  record(micros: number): void {
    const value = Math.min(LARGEST, Math.max(0, Math.round(micros)));
    this.counts[bucketOf(value)]++;
    this.total++;
    this.sum += value;
    if (value > this.largest) this.largest = value;
  }

  get count(): number {
    return this.total;
  }

  /** Exact; 0 without samples. */
  get mean(): number {
    return this.total === 0 ? 0 : this.sum / this.total;
  }

  /** Exact; 0 without samples. */
  get max(): number {
    return this.largest;
  }

  /** The sum of all values, for the mean of an interval. */
  get sumMicros(): number {
    return this.sum;
  }

  /**
   * The value that `percent` (0-100) of the samples do not exceed, to within 1/128 of it, never above the
   * largest; 0 without samples.
   */
  percentile(percent: number): number {
    if (this.total === 0) return 0;
    const rank = Math.max(1, Math.ceil((percent / 100) * this.total));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.counts[bucket];
      if (seen >= rank) return Math.min(middleOf(bucket), this.largest);
    }
    return this.largest;
  }
}

function bucketOf(value: number): number {
  if (value < PER_OCTAVE) return value;
  const shift = 31 - Math.clz32(value) - PER_OCTAVE_BITS;
  return shift * PER_OCTAVE + (value >>> shift);
}

function middleOf(bucket: number): number {
  if (bucket < 2 * PER_OCTAVE) return bucket;
  const shift = Math.floor(bucket / PER_OCTAVE) - 1;
  const low = (bucket - shift * PER_OCTAVE) * 2 ** shift;
  return low + (2 ** shift - 1) / 2;
}
