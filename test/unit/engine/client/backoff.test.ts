import { describe, expect, it } from 'vitest';
import { Backoff } from '../../../../src-main/engine/client/backoff.ts';
import { Seeded } from '../../../support/seeded.ts';

const constant = (fill: number) => (length: number) => Buffer.alloc(length, fill);

describe('Backoff', () => {
  it('doubles up to its cap; jitter takes at most half', () => {
    const longest = new Backoff(200, 30_000, constant(0xff));
    const shortest = new Backoff(200, 30_000, constant(0));
    const ceilings = [200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000];
    for (const ceiling of ceilings) {
      expect(longest.next()).toBe(ceiling);
      expect(shortest.next()).toBe(ceiling / 2);
    }
    expect(longest.attempts).toBe(ceilings.length);
  });

  it('stays at its cap, however often', () => {
    const backoff = new Backoff(200, 30_000, constant(0xff));
    for (let i = 0; i < 2000; i++) backoff.next();
    expect(backoff.next()).toBe(30_000);
  });

  it('starts over after a reset', () => {
    const backoff = new Backoff(200, 30_000, constant(0xff));
    for (let i = 0; i < 5; i++) backoff.next();
    backoff.reset();
    expect(backoff.attempts).toBe(0);
    expect(backoff.next()).toBe(200);
  });

  it('spreads clients evenly', () => {
    const random = new Seeded(1);
    const delays = Array.from({ length: 4000 }, () => new Backoff(1000, 1000, random.source).next());
    const quarters = [0, 0, 0, 0];
    for (const delay of delays) quarters[Math.min(3, Math.floor((delay - 500) / 125))]++;
    for (const count of quarters) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
