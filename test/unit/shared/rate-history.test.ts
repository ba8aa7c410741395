import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateHistory } from '../../../src-shared/rate-history.ts';
import { GRAPH_WINDOWS } from '../../../src-shared/settings.ts';
import { HISTORY, historySchema, MAX_HISTORY_POINTS } from '../../../src-shared/stats.ts';

describe('the history of rates', () => {
  it('covers the three windows of the graph', () => {
    const covered = Object.values(HISTORY).map(({ stepMs, points }) => stepMs * points);
    expect(covered).toEqual([60_000, 15 * 60_000, 60 * 60_000]);
    for (const { points } of Object.values(HISTORY)) expect(points).toBeLessThanOrEqual(MAX_HISTORY_POINTS);
  });

  it('is, step by step, the mean of what came, and null where nothing came', () => {
    const gap = fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 0, max: 400 }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 90_000 }) },
    );
    const pushes = fc.array(fc.tuple(gap, fc.integer({ min: 0, max: 1_000 })), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(pushes, fc.integer({ min: 0, max: 70_000 }), (list, later) => {
        const history = new RateHistory('1m');
        const model = new Map<number, number[]>();
        let at = 1_000_000;
        for (const [wait, rate] of list) {
          at += wait;
          history.push(at, rate, rate * 2);
          const step = Math.floor(at / 100);
          model.set(step, [...(model.get(step) ?? []), rate]);
        }
        const read = history.read(at + later);
        expect(historySchema.safeParse(read).success).toBe(true);
        expect(read.up).toHaveLength(600);
        const first = read.start / 100;
        for (const [index, up] of read.up.entries()) {
          const rates = model.get(first + index);
          if (rates === undefined) expect(up).toBeNull();
          else expect(up).toBeCloseTo(rates.reduce((sum, one) => sum + one, 0) / rates.length, 6);
          if (up === null) expect(read.down[index]).toBeNull();
          else expect(read.down[index]).toBeCloseTo(up * 2, 6);
        }
      }),
      { seed: 1, numRuns: 80 },
    );
  });

  it.each(GRAPH_WINDOWS)('is taken over whole: %s', (window) => {
    const host = new RateHistory(window);
    for (let i = 0; i < 2_000; i += 1 + (i % 3)) host.push(i * 500, i, 2 * i);
    const page = new RateHistory(window);
    page.load(host.read(1_000_000));
    expect(page.read(1_000_000)).toEqual(host.read(1_000_000));
  });

  it('does not take what has other steps', () => {
    const page = new RateHistory('1m');
    page.load(new RateHistory('1h').read(1_000_000));
    expect(page.read(0).up).toEqual([null]);
  });

  it('drops what is late, and begins anew when the clock was set back far', () => {
    const history = new RateHistory('1m');
    history.push(1_000_000, 1, 1);
    history.push(990_000, 5, 5);
    expect(history.read(1_000_000).up.filter((one) => one !== null)).toEqual([1]);
    history.push(100_000, 7, 7);
    expect(history.read(100_000).up.at(-1)).toBe(7);
  });
});
