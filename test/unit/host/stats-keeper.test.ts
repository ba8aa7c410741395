import { describe, expect, it } from 'vitest';
import type { EngineSample } from '../../../src-main/host/engine-messages.ts';
import { StatsKeeper } from '../../../src-main/host/stats-keeper.ts';

const START = 1_700_000_000_000;

function sample(at: number, spanMs: number, sent: number, received = 0): EngineSample {
  const rule = { id: 'r', sent, received, active: 1, total: 2, failed: 0 };
  const profile = { id: 'p', sent, received, connections: 1, rttMs: 7, rules: [rule] };
  return { at, spanMs, profiles: [profile], server: null };
}

describe('figures', () => {
  it('are rates over the time that was asked for', () => {
    const keeper = new StatsKeeper(() => {});
    for (let tick = 0; tick <= 20; tick++)
      keeper.take(sample(START + tick * 100, 100, tick * 1_000, tick * 500));
    const now = keeper.sample(START + 2_000, 1_000, 'p');
    expect(now.total).toEqual({ up: 10_000, down: 5_000, connections: 1 });
    expect(now.profiles).toEqual([
      { id: 'p', up: 10_000, down: 5_000, sent: 20_000, received: 10_000, connections: 1, rttMs: 7 },
    ]);
    expect(now.rules).toMatchObject([{ id: 'r', up: 10_000, down: 5_000, total: 2 }]);
    expect(keeper.sample(START + 2_000, 100, null)).toMatchObject({ total: { up: 10_000 }, rules: [] });
  });

  it('are nothing when nothing moves any more, and nothing is known', () => {
    const keeper = new StatsKeeper(() => {});
    expect(keeper.sample(START, 1_000, null)).toMatchObject({ profiles: [], server: null });
    keeper.take(sample(START, 100, 0));
    keeper.take(sample(START + 100, 100, 9_999));
    expect(keeper.sample(START + 2_500, 1_000, null).total.up).toBe(0);
  });

  it('are nothing once all is off, however it was before', () => {
    const keeper = new StatsKeeper(() => {});
    keeper.take(sample(START, 100, 0));
    keeper.take(sample(START + 100, 100, 9_999));
    expect(keeper.sample(START + 100, 100, null).total.connections).toBe(1);
    keeper.take({ at: START + 101, spanMs: 1, profiles: [], server: null });
    expect(keeper.sample(START + 150, 1_000, null)).toMatchObject({
      total: { up: 0, down: 0, connections: 0 },
      profiles: [],
    });
  });

  it('begin anew when counters do, and never fall below zero', () => {
    const moved: number[] = [];
    const keeper = new StatsKeeper((_id, sent) => moved.push(sent));
    for (const [tick, sent] of [0, 5_000, 100].entries()) keeper.take(sample(START + tick * 100, 100, sent));
    expect(moved).toEqual([0, 5_000, 100]);
    expect(keeper.sample(START + 200, 100, null).total.up).toBeGreaterThanOrEqual(0);
  });
});

describe('graphs', () => {
  const read = (keeper: StatsKeeper, now: number) =>
    keeper.history({ kind: 'profile', id: 'p' }, '1m', now).up.slice(-20);

  it('have a point per step, and zeros for the time in which nothing moved', () => {
    const keeper = new StatsKeeper(() => {});
    keeper.take(sample(START, 100, 0));
    keeper.take(sample(START + 100, 100, 500));
    // Nothing was told for a second, as nothing moved; then something did within 100 ms.
    keeper.take(sample(START + 1_100, 100, 1_500));
    const points = read(keeper, START + 1_100);
    expect(points.slice(-11)).toEqual([5_000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10_000]);
  });

  it('have a gap for the time in which all was off', () => {
    const keeper = new StatsKeeper(() => {});
    keeper.take(sample(START, 100, 0));
    keeper.take(sample(START + 100, 100, 500));
    keeper.take({ at: START + 101, spanMs: 1, profiles: [], server: null });
    keeper.take(sample(START + 1_100, 100, 1_000));
    expect(read(keeper, START + 1_100).slice(-11)).toEqual([
      5_000,
      ...Array.from({ length: 9 }, () => null),
      10_000,
    ]);
  });

  it('have no hole where a timer was late', () => {
    const keeper = new StatsKeeper(() => {});
    let at = START;
    let sent = 0;
    for (const late of [100, 130, 210, 70, 100, 190, 100]) {
      at += late;
      sent += late;
      keeper.take(sample(at, late, sent));
    }
    const points = read(keeper, at).slice(-8);
    for (const rate of points) expect(rate).toBeCloseTo(1_000, -1);
  });

  it('have a gap where nothing was measured', () => {
    const keeper = new StatsKeeper(() => {});
    keeper.take(sample(START, 100, 100));
    keeper.pause();
    keeper.take(sample(START + 1_000, 100, 100));
    const points = read(keeper, START + 1_000);
    expect(points.slice(-11)).toEqual([1_000, ...Array.from({ length: 9 }, () => null), 1_000]);
    expect(
      keeper.history({ kind: 'profile', id: 'none' }, '1h', START).up.every((rate) => rate === null),
    ).toBe(true);
  });
});
