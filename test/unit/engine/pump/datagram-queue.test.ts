import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteBudget, DatagramQueue } from '../../../../src-main/engine/pump/datagram-queue.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

/** What each datagram costs beside its bytes. */
const COST = 64;

function setUp(maxBytes: number, budget = new ByteBudget(Number.MAX_SAFE_INTEGER)) {
  const clock = new FakeClock();
  const state = { dropped: 0 };
  const queue = new DatagramQueue<string>({
    maxBytes,
    budget,
    lateMs: 2000,
    clock,
    onDropped: (count) => {
      state.dropped += count;
    },
  });
  const rest = (): string[] => {
    const items: string[] = [];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) items.push(next);
    return items;
  };
  return { clock, state, queue, budget, rest };
}

describe('DatagramQueue', () => {
  it('gives in order', () => {
    const { queue, rest, state } = setUp(10_000);
    for (const item of ['a', 'b', 'c']) queue.push(item, 100);
    expect(queue.bytes).toBe(3 * (100 + COST));
    expect(rest()).toEqual(['a', 'b', 'c']);
    expect([queue.size, queue.bytes, state.dropped]).toEqual([0, 0, 0]);
  });

  it('when it is full the oldest go, as many as the new one needs', () => {
    const { queue, rest, state } = setUp(4 * (100 + COST));
    for (const item of ['a', 'b', 'c', 'd']) queue.push(item, 100);
    queue.push('e', 100);
    expect(state.dropped).toBe(1);
    queue.push('large', 2 * 100 + COST);
    expect(state.dropped).toBe(3);
    expect(rest()).toEqual(['d', 'e', 'large']);
  });

  it('holds one datagram whatever its size', () => {
    const { queue, rest, state } = setUp(1000);
    queue.push('a', 10);
    queue.push('b', 65_507);
    expect(rest()).toEqual(['b']);
    expect(state.dropped).toBe(1);
  });

  it('what has waited longer than two seconds is not given', () => {
    const { clock, queue, rest, state } = setUp(10_000);
    queue.push('late', 1);
    clock.advance(1);
    queue.push('just in time', 1);
    clock.advance(2000);
    queue.push('new', 1);
    expect(rest()).toEqual(['just in time', 'new']);
    expect(state.dropped).toBe(1);
  });

  it('queues share a budget: used up, each lives on what it has', () => {
    const budget = new ByteBudget(4 * (100 + COST));
    const [one, two] = [setUp(10_000, budget), setUp(10_000, budget)];
    for (const item of ['a', 'b', 'c', 'd']) one.queue.push(item, 100);
    two.queue.push('x', 100);
    expect([two.queue.size, two.state.dropped]).toEqual([0, 1]);
    one.queue.push('e', 100);
    expect(one.state.dropped).toBe(1);
    expect(budget.used).toBe(budget.max);
    expect(one.queue.shift()).toBe('b');
    two.queue.push('y', 100);
    expect(two.rest()).toEqual(['y']);
    one.queue.clear();
    expect([budget.used, one.queue.bytes, one.state.dropped]).toEqual([0, 0, 4]);
  });

  it('never holds more than it may, and loses nothing uncounted', () => {
    const step = fc.oneof(
      fc.record({ push: fc.integer({ min: 0, max: 2000 }) }),
      fc.record({ wait: fc.integer({ min: 0, max: 1500 }) }),
      fc.constant('shift' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 800 }), (steps) => {
        const { clock, queue, budget, state } = setUp(5000);
        let pushed = 0;
        let last = -1;
        let given = 0;
        for (const each of steps) {
          if (each === 'shift') {
            const item = queue.shift();
            if (item === undefined) continue;
            given++;
            expect(Number(item)).toBeGreaterThan(last);
            last = Number(item);
          } else if ('wait' in each) clock.advance(each.wait);
          else queue.push(String(pushed++), each.push);
          expect(queue.bytes <= 5000 || queue.size === 1).toBe(true);
          expect(budget.used).toBe(queue.bytes);
          expect(given + state.dropped + queue.size).toBe(pushed);
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
