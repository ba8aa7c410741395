import { describe, expect, it } from 'vitest';
import { MtuProbe } from '../../../../../src-main/engine/carrier/kcp/mtu-probe.ts';
import { NumberRanges } from '../../../../../src-main/engine/carrier/kcp/number-ranges.ts';
import { Seeded } from '../../../../support/seeded.ts';

describe('numbers that arrived', () => {
  it('are accepted once, in any order, and are the ranges that a set of them gives', () => {
    const random = new Seeded(1);
    const ranges = new NumberRanges(1000);
    const model = new Set<number>();
    for (let i = 0; i < 5000; i++) {
      const n = random.int(0, 800);
      expect(ranges.has(n)).toBe(model.has(n));
      expect(ranges.add(n)).toBe(!model.has(n));
      model.add(n);
      expect(ranges.newest).toBe(Math.max(...model));
    }
    const found = new Set<number>();
    let last = Number.POSITIVE_INFINITY;
    for (const [from, to] of ranges.top(1000)) {
      expect(to).toBeLessThan(last);
      last = from;
      for (let n = from; n < to; n++) found.add(n);
    }
    expect([...found].sort((a, b) => a - b)).toEqual([...model].sort((a, b) => a - b));
  });

  it('are bounded: what falls out counts as seen', () => {
    const ranges = new NumberRanges(4);
    for (const n of [0, 10, 20, 30, 40]) expect(ranges.add(n)).toBe(true);
    expect(ranges.top(9)).toEqual([
      [40, 41],
      [30, 31],
      [20, 21],
      [10, 11],
    ]);
    expect([ranges.add(0), ranges.add(1), ranges.has(0)]).toEqual([false, true, true]);
  });
});

describe('the search for the largest datagram', () => {
  it('goes up while trials arrive and stops after three that do not', () => {
    const probe = new MtuProbe([1200, 1400, 1472]);
    const next = (): number | undefined => {
      const size = probe.next();
      probe.trying = size;
      return size;
    };
    expect(next()).toBe(1400);
    expect(probe.next()).toBeUndefined();
    expect(probe.passed(1400)).toBe(true);
    for (let i = 0; i < 3; i++) {
      expect(next()).toBe(1472);
      probe.failed(1472);
    }
    expect([probe.next(), probe.size]).toEqual([undefined, 1400]);
    // One that was only late counts after all.
    expect([probe.passed(1472), probe.size]).toEqual([true, 1472]);
  });
});
