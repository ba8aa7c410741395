import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReceiveOrder } from '../../../../src-main/engine/session/receive-order.ts';
import { MAX_ACK_RANGES } from '../../../../src-main/engine/wire/control.ts';
import { earlyFrame } from '../../../../src-main/engine/wire/early.ts';
import { codeOf } from '../../../support/codes.ts';
import { Seeded } from '../../../support/seeded.ts';

const pieces = (text: string): Buffer[] => [Buffer.from(text)];

function setUp(cap = 1000) {
  const order = new ReceiveOrder(cap);
  const got: string[] = [];
  const put = (seq: number, length = 10): void =>
    order.put(seq, pieces(`${seq}`.padEnd(length)), (parts) =>
      got.push(Buffer.concat(parts).toString().trim()),
    );
  return { order, got, put };
}

describe('ReceiveOrder', () => {
  it('delivers in order, once', () => {
    const { order, got, put } = setUp();
    for (const seq of [0, 2, 2, 4, 1, 0, 1, 3, 4, 5]) put(seq);
    expect(got).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(order.heldBytes).toBe(0);
    expect(order.next).toBe(6);
  });

  it('says before decryption what is new, known, and too much', () => {
    const { order, put } = setUp(25);
    put(0);
    put(2, 10);
    expect(order.check(0, 1)).toBe('duplicate');
    expect(order.check(2, 10)).toBe('duplicate');
    expect(order.check(3, 15)).toBe('new');
    expect(order.check(3, 16)).toBe('full');
    // The next one is never held, so never too much: it is what makes room.
    expect(order.check(1, 1_000_000)).toBe('new');
    expect(order.check(1 + 65_536, 0)).toBe('new');
    expect(order.check(2 + 65_536, 0)).toBe('full');
  });

  it('holds exactly the bytes ahead of the gap', () => {
    const { order, put } = setUp();
    put(1, 100);
    put(3, 50);
    expect(order.heldBytes).toBe(150);
    put(0, 7);
    expect(order.heldBytes).toBe(50);
    put(2, 7);
    expect(order.heldBytes).toBe(0);
  });

  it('says in ranges what it has', () => {
    const { order, put } = setUp();
    expect(order.state()).toEqual({ next: 0, ranges: [] });
    for (const seq of [7, 2, 3, 9, 6]) put(seq);
    expect(order.state()).toEqual({
      next: 0,
      ranges: [
        [2, 4],
        [6, 8],
        [9, 10],
      ],
    });
    put(0);
    put(1);
    expect(order.state()).toEqual({
      next: 4,
      ranges: [
        [6, 8],
        [9, 10],
      ],
    });
  });

  it('names the lowest ranges when there are too many', () => {
    const { order, put } = setUp(100_000);
    for (let seq = 2; seq <= 200; seq += 2) put(seq);
    const { ranges } = order.state();
    expect(ranges).toHaveLength(MAX_ACK_RANGES);
    expect(ranges[0]).toEqual([2, 3]);
    expect(ranges[MAX_ACK_RANGES - 1]).toEqual([2 * MAX_ACK_RANGES, 2 * MAX_ACK_RANGES + 1]);
  });

  it('a failing delivery does not lose its place', () => {
    const { order, put, got } = setUp();
    expect(() =>
      order.put(0, pieces('0'), () => {
        throw new Error('mux');
      }),
    ).toThrow('mux');
    put(1);
    expect(order.next).toBe(2);
    expect(got).toEqual(['1']);
  });

  it('any order of arrival, with doubles, is one order of delivery', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(), (count, seed) => {
        const random = new Seeded(seed);
        const arrivals = Array.from({ length: count * 2 }, (_, i) => i % count);
        for (let i = arrivals.length - 1; i > 0; i--) {
          const j = random.int(0, i);
          [arrivals[i], arrivals[j]] = [arrivals[j], arrivals[i]];
        }
        const { order, got, put } = setUp(100_000);
        const seen = new Set<number>();
        for (const seq of arrivals) {
          expect(order.check(seq, 10)).toBe(seen.has(seq) ? 'duplicate' : 'new');
          seen.add(seq);
          put(seq);
          const { next, ranges } = order.state();
          const has = (n: number): boolean => n < next || ranges.some(([from, to]) => n >= from && n < to);
          const wrong = Array.from({ length: count }, (_, n) => n).filter((n) => has(n) !== seen.has(n));
          expect(wrong).toEqual([]);
        }
        expect(got).toEqual(Array.from({ length: count }, (_, i) => `${i}`));
      }),
      { seed: 1, numRuns: 60 },
    );
  });
});

describe('early records', () => {
  /** Like `put`, with an EARLY frame in front. */
  function early() {
    const order = new ReceiveOrder(100_000);
    const got: string[] = [];
    const deliver = (parts: Buffer[]): void => {
      got.push(`${parts.length === 2 ? 'early ' : ''}${parts.at(-1)}`);
    };
    const put = (seq: number): void => order.put(seq, pieces(`${seq}`), deliver);
    const putEarly = (seq: number, follows: number[] = []): void =>
      order.put(seq, [earlyFrame(seq, follows), Buffer.from(`${seq}`)], deliver);
    return { order, got, put, putEarly };
  }

  it('are delivered as they come, once, and count as delivered when their turn comes', () => {
    const { order, got, put, putEarly } = early();
    putEarly(3);
    expect(got).toEqual(['early 3']);
    expect(order.heldBytes).toBe(0);
    expect(order.state()).toEqual({ next: 0, ranges: [[3, 4]] });
    expect(order.check(3, 10)).toBe('duplicate');
    putEarly(3);
    for (const seq of [4, 2, 1, 0]) put(seq);
    expect(got).toEqual(['early 3', '0', '1', '2', '4']);
    expect(order.state()).toEqual({ next: 5, ranges: [] });
  });

  it('wait for those that they follow, however these come', () => {
    const { order, got, put, putEarly } = early();
    putEarly(9, [5, 7]);
    putEarly(7, [5]);
    putEarly(8, [1]);
    expect(got).toEqual([]);
    expect(order.heldBytes).toBeGreaterThan(0);
    putEarly(5);
    expect(got).toEqual(['early 5', 'early 7', 'early 9']);
    put(1);
    expect(got).toHaveLength(3);
    // What it follows was an ordinary one, and comes in order only.
    put(0);
    expect(got.slice(3)).toEqual(['0', '1', 'early 8']);
    expect(order.heldBytes).toBe(0);
  });

  it('an ordinary one waits for all below it, early ones too', () => {
    const { got, put, putEarly } = early();
    put(0);
    put(2);
    expect(got).toEqual(['0']);
    putEarly(1);
    expect(got.slice(1)).toEqual(['early 1', '2']);
  });

  it('a malformed one is ERR_FRAME', () => {
    const { order } = early();
    const broken = Buffer.from('0900000000000004' + '00000009', 'hex');
    expect(codeOf(() => order.put(3, [broken], () => {}))).toBe('ERR_FRAME');
  });

  it('that wait are bounded in number: further ones come in order', () => {
    const { order, got, put, putEarly } = early();
    for (let seq = 2; seq < 1100; seq++) putEarly(seq, [1]);
    putEarly(1);
    const ahead = got.length;
    expect(ahead).toBe(1 + 1024);
    put(0);
    expect(got).toHaveLength(1100);
    expect(order.next).toBe(1100);
  });
});
