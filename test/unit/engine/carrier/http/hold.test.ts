import { describe, expect, it } from 'vitest';
import { HoldLearner } from '../../../../../src-main/engine/carrier/http/hold.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';

/** Holds until the path, which cuts at `cutMs`, has been asked `times`; gives what the learner says after each. */
function live(hold: HoldLearner, clock: FakeClock, cutMs: number, times: number): number[] {
  return Array.from({ length: times }, () => {
    const asked = hold.ms;
    clock.advance(Math.min(asked, cutMs));
    if (asked < cutMs) hold.held(asked, asked);
    else hold.cut(cutMs);
    return hold.ms;
  });
}

describe('HoldLearner', () => {
  it('begins at 8 s and grows while nothing cuts it, to a bound', () => {
    const clock = new FakeClock();
    const hold = new HoldLearner(clock);
    expect(hold.ms).toBe(8000);
    const seen = live(hold, clock, Number.POSITIVE_INFINITY, 10);
    expect(seen.slice(0, 2)).toEqual([12_000, 18_000]);
    expect(seen.at(-1)).toBe(110_000);
  });

  it.each([10_000, 30_000, 60_000, 100_000])('stays below a cut at %i ms, and near it', (cutMs) => {
    const clock = new FakeClock();
    const hold = new HoldLearner(clock);
    const seen = live(hold, clock, cutMs, 12);
    expect(Math.max(...seen.slice(-3))).toBeLessThan(cutMs);
    expect(seen.at(-1)).toBeGreaterThanOrEqual(cutMs * 0.6);
    expect(hold.cutAtMs).toBe(cutMs);
  });

  it('tries again beyond a cut that was long ago', () => {
    const clock = new FakeClock();
    const hold = new HoldLearner(clock);
    hold.cut(10_000);
    hold.held(8000, 8000);
    expect(hold.ms).toBe(8000);
    clock.advance(11 * 60_000);
    hold.held(8000, 8000);
    expect(hold.ms).toBe(12_000);
    expect(hold.cutAtMs).toBeUndefined();
  });

  it('learns nothing from answers that came early, nor from failures at once', () => {
    const hold = new HoldLearner(new FakeClock());
    hold.held(3000, 8000);
    hold.cut(20);
    expect([hold.ms, hold.cutAtMs]).toEqual([8000, undefined]);
  });

  it('goes on from what an earlier carrier learnt, within bounds', () => {
    const clock = new FakeClock();
    expect(new HoldLearner(clock, 48_000, 60_000)).toMatchObject({ ms: 48_000, cutAtMs: 60_000 });
    expect(new HoldLearner(clock, 1e9).ms).toBe(110_000);
    expect(new HoldLearner(clock, 1).ms).toBe(1500);
  });
});
