import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReplayCache } from '../../../../src-main/engine/crypto/replay-cache.ts';

const key = (n: number) => {
  const bytes = Buffer.alloc(32, 0xe9);
  bytes.writeUInt32BE(n);
  return bytes;
};

function setUp(lifetimeMs: number, capacity: number) {
  const clock = { time: 5_000, now: () => clock.time };
  return { clock, cache: new ReplayCache({ clock, lifetimeMs, capacity }) };
}

describe('ReplayCache', () => {
  it('accepts each key once within the lifetime, to the millisecond', () => {
    const { clock, cache } = setUp(100, 10);
    expect(cache.accept(key(1))).toBe(true);
    expect(cache.accept(key(1))).toBe(false);
    expect(cache.accept(key(2))).toBe(true);
    clock.time += 99;
    expect(cache.accept(key(1))).toBe(false);
    clock.time += 1;
    expect(cache.accept(key(1))).toBe(true);
    expect(cache.accept(key(1))).toBe(false);
  });

  it('being asked again does not prolong a key', () => {
    const { clock, cache } = setUp(100, 10);
    cache.accept(key(1));
    clock.time += 60;
    expect(cache.accept(key(1))).toBe(false);
    clock.time += 60;
    expect(cache.accept(key(1))).toBe(true);
  });

  it('does not depend on the buffer afterwards', () => {
    const { cache } = setUp(100, 10);
    const bytes = key(1);
    cache.accept(bytes);
    bytes.fill(0);
    expect(cache.accept(key(1))).toBe(false);
    expect(cache.accept(bytes)).toBe(true);
  });

  it('full, it refuses new keys and forgets none, until some expire', () => {
    const { clock, cache } = setUp(100, 3);
    expect([1, 2].map((n) => cache.accept(key(n)))).toEqual([true, true]);
    clock.time += 50;
    expect([3, 4, 5].map((n) => cache.accept(key(n)))).toEqual([true, false, false]);
    expect([1, 2, 3].map((n) => cache.accept(key(n)))).toEqual([false, false, false]);
    expect(cache.size).toBe(3);
    clock.time += 50;
    expect([4, 5, 6].map((n) => cache.accept(key(n)))).toEqual([true, true, false]);
    expect(cache.accept(key(3))).toBe(false);
  });

  it('agrees with a simple model', () => {
    const steps = fc.array(fc.record({ wait: fc.nat(30), n: fc.nat(40) }), { maxLength: 300 });
    fc.assert(
      fc.property(steps, (list) => {
        const { clock, cache } = setUp(100, 8);
        const model = new Map<number, number>();
        for (const { wait, n } of list) {
          clock.time += wait;
          for (const [k, expires] of model) if (expires <= clock.time) model.delete(k);
          const fresh = !model.has(n) && model.size < 8;
          if (fresh) model.set(n, clock.time + 100);
          expect(cache.accept(key(n))).toBe(fresh);
          expect(cache.size).toBe(model.size);
        }
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it('stays within its capacity through many lifetimes', () => {
    const { clock, cache } = setUp(1_000, 4_000);
    let accepted = 0;
    for (let i = 0; i < 50_000; i++) {
      clock.time += 0.5; // 2000 live at a time
      if (cache.accept(randomBytes(32))) accepted++;
    }
    expect(accepted).toBe(50_000);
    expect(cache.size).toBe(2_000);
  });
});
