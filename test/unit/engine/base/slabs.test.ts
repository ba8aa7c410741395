import { describe, expect, it } from 'vitest';
import { LARGE_SLAB_BYTES, Slabs, SMALL_SLAB_BYTES } from '../../../../src-main/engine/base/slabs.ts';

describe('Slabs', () => {
  it.each([
    [1, 1],
    [16_383, 16_383],
    [32_767, 32_767],
    [32_768, SMALL_SLAB_BYTES],
    [LARGE_SLAB_BYTES / 2 - 1, SMALL_SLAB_BYTES],
    [LARGE_SLAB_BYTES / 2, LARGE_SLAB_BYTES],
    [10 ** 9, LARGE_SLAB_BYTES],
  ])('for %i bytes there are %i', (bytes, room) => {
    expect(new Slabs().room(bytes)).toHaveLength(room);
  });

  it('lends again what was given back, by any part of it, and nothing else', () => {
    const slabs = new Slabs();
    const [a, b] = [slabs.room(60_000), slabs.room(60_000)];
    expect(a.buffer).not.toBe(b.buffer);
    expect(slabs.give(a.subarray(100, 5000))).toBe(true);
    const again = slabs.room(60_000);
    expect(again.buffer).toBe(a.buffer);
    expect(again).toHaveLength(SMALL_SLAB_BYTES);
    expect(slabs.room(60_000).buffer).not.toBe(b.buffer);
  });

  it('never lends memory to two: what was given back counts once, what is foreign not at all', () => {
    const slabs = new Slabs();
    const slab = slabs.room(200_000);
    expect(slabs.give(slab)).toBe(true);
    expect(slabs.give(slab)).toBe(false);
    expect(slabs.give(Buffer.allocUnsafeSlow(LARGE_SLAB_BYTES))).toBe(false);
    expect(slabs.give(Buffer.alloc(10))).toBe(false);
    expect(slabs.give(slabs.room(60_000).subarray(0, 100))).toBe(false);
    expect(slabs.give(new Slabs().room(200_000))).toBe(false);
    const [first, second] = [slabs.room(200_000), slabs.room(200_000)];
    expect(first.buffer).toBe(slab.buffer);
    expect(second.buffer).not.toBe(slab.buffer);
  });

  it('keeps no more than 12 MiB', () => {
    const slabs = new Slabs();
    for (const [bytes, most] of [
      [LARGE_SLAB_BYTES, 32],
      [SMALL_SLAB_BYTES, 64],
    ]) {
      const lent = Array.from({ length: most + 10 }, () => slabs.room(bytes));
      for (const slab of lent) expect(slabs.give(slab)).toBe(true);
      const known = new Set(lent.map((slab) => slab.buffer));
      const again = Array.from({ length: most + 10 }, () => slabs.room(bytes));
      expect(again.filter((slab) => known.has(slab.buffer))).toHaveLength(most);
    }
  });
});
