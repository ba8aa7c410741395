import { describe, expect, it } from 'vitest';
import { SegmentSet } from '../../../../../src-main/engine/carrier/kcp/segment-set.ts';
import { Seeded } from '../../../../support/seeded.ts';

describe('SegmentSet', () => {
  it('takes each number once, in any order, and knows the first that is missing', () => {
    const random = new Seeded(1);
    const set = new SegmentSet(64);
    const seen = new Set<number>();
    for (let i = 0; i < 20_000; i++) {
      const sn = set.next + random.int(-20, 80);
      if (sn < 0) continue;
      expect(set.fits(sn)).toBe(sn < set.next + 64);
      if (!set.fits(sn)) continue;
      expect(set.add(sn)).toBe(!seen.has(sn));
      seen.add(sn);
      expect(seen.has(set.next)).toBe(false);
      expect(set.size).toBeLessThan(64);
    }
    expect(set.next).toBeGreaterThan(1000);
    for (let sn = 0; sn < set.next; sn++) if (!seen.has(sn)) throw new Error(`${sn} never came`);
  });

  it('goes on over the end of the numbers', () => {
    const set = new SegmentSet(8);
    set.next = 0xffff_fffe;
    for (const sn of [0, 0xffff_ffff]) expect(set.add(sn)).toBe(true);
    expect(set.fits(5)).toBe(true);
    expect(set.fits(6)).toBe(false);
    expect(set.add(0xffff_fffe)).toBe(true);
    expect(set.next).toBe(1);
    expect(set.add(0)).toBe(false);
  });
});
