import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyHistogram } from '../../stress/histogram.ts';

describe('LatencyHistogram', () => {
  it('is zero when empty', () => {
    const empty = new LatencyHistogram();
    expect([empty.count, empty.mean, empty.max, empty.percentile(50)]).toEqual([0, 0, 0, 0]);
  });

  it('is exact for small values', () => {
    const histogram = new LatencyHistogram();
    for (let value = 1; value <= 100; value++) histogram.record(value);
    expect(histogram.percentile(50)).toBe(50);
    expect(histogram.percentile(99)).toBe(99);
    expect(histogram.percentile(100)).toBe(100);
    expect(histogram.mean).toBe(50.5);
    expect(histogram.max).toBe(100);
  });

  it('is within 1/128 of the sample at the rank, whatever the samples', () => {
    const micros = fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 2 ** 31 - 1 }));
    fc.assert(
      fc.property(
        fc.array(micros, { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 1, max: 100 }),
        (values, percent) => {
          const histogram = new LatencyHistogram();
          for (const value of values) histogram.record(value);
          const sorted = [...values].sort((a, b) => a - b);
          const exact = sorted[Math.max(1, Math.ceil((percent / 100) * values.length)) - 1];
          const got = histogram.percentile(percent);
          expect(Math.abs(got - exact)).toBeLessThanOrEqual(exact / 128);
          expect(got).toBeLessThanOrEqual(histogram.max);
        },
      ),
      { seed: 1, numRuns: 500 },
    );
  });

  it('counts what is beyond its range at the end of it', () => {
    const histogram = new LatencyHistogram();
    histogram.record(1e15);
    histogram.record(-5);
    expect(histogram.max).toBe(2 ** 31 - 1);
    expect(histogram.percentile(1)).toBe(0);
  });
});
