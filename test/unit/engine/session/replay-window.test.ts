import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReplayWindow } from '../../../../src-main/engine/session/replay-window.ts';

const SIZE = 1024;

describe('ReplayWindow', () => {
  it('accepts each number once, in any order within the window', () => {
    const window = new ReplayWindow();
    for (const seq of [0, 5, 3, 1023, 4]) {
      expect(window.fresh(seq)).toBe(true);
      expect(window.accept(seq)).toBe(true);
      expect(window.fresh(seq)).toBe(false);
      expect(window.accept(seq)).toBe(false);
    }
    expect(window.accept(2)).toBe(true);
  });

  it('has an edge: one before it is too old', () => {
    const window = new ReplayWindow();
    window.accept(5000);
    expect(window.accept(5000 - SIZE)).toBe(false);
    expect(window.accept(5000 - SIZE + 1)).toBe(true);
    expect(window.accept(5000 - SIZE + 1)).toBe(false);
  });

  it('looking does not take', () => {
    const window = new ReplayWindow();
    expect(window.fresh(7)).toBe(true);
    expect(window.fresh(7)).toBe(true);
    expect(window.accept(7)).toBe(true);
  });

  it('does not mistake a number for one a window before it', () => {
    const window = new ReplayWindow();
    for (let seq = 0; seq < 3 * SIZE; seq += 2) expect(window.accept(seq)).toBe(true);
    for (let seq = 2 * SIZE + 1; seq < 3 * SIZE; seq += 2) expect(window.accept(seq)).toBe(true);
    for (let seq = 0; seq < 3 * SIZE; seq++) expect(window.accept(seq)).toBe(false);
  });

  it.each([SIZE - 1, SIZE, SIZE + 1, 2 ** 40])('a jump of %d keeps nothing that is not so', (jump) => {
    const window = new ReplayWindow();
    for (let seq = 0; seq < SIZE; seq++) window.accept(seq);
    const top = SIZE - 1 + jump;
    expect(window.accept(top)).toBe(true);
    for (let seq = Math.max(SIZE, top - SIZE + 1); seq < top; seq++) expect(window.accept(seq)).toBe(true);
    for (let seq = 0; seq < SIZE; seq++) expect(window.accept(seq)).toBe(false);
  });

  it('agrees with a plain set', () => {
    const numbers = fc.array(fc.oneof(fc.nat(3000), fc.nat(30), fc.integer({ min: 900, max: 1200 })), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(numbers, (list) => {
        const window = new ReplayWindow();
        const seen = new Set<number>();
        let top = -1;
        for (const seq of list) {
          const good = !seen.has(seq) && seq > top - SIZE;
          expect(window.fresh(seq)).toBe(good);
          expect(window.accept(seq)).toBe(good);
          seen.add(seq);
          top = Math.max(top, seq);
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
