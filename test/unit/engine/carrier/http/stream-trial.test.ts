import { describe, expect, it } from 'vitest';
import { StreamTrial } from '../../../../../src-main/engine/carrier/http/stream-trial.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';

describe('StreamTrial', () => {
  it('tries once, and uses what works', () => {
    const trial = new StreamTrial(new FakeClock(), undefined);
    expect([trial.isDue, trial.works, trial.known]).toEqual([true, false, undefined]);
    trial.begin();
    expect([trial.isDue, trial.works]).toEqual([false, false]);
    trial.result(true);
    expect([trial.isDue, trial.works, trial.known]).toEqual([false, true, true]);
  });

  it('tries again later and later, unless a stream lasted', () => {
    const clock = new FakeClock();
    const trial = new StreamTrial(clock, undefined);
    const pauses: number[] = [];
    for (let i = 0; i < 12; i++) {
      trial.begin();
      trial.result(false);
      let waited = 0;
      for (; !trial.isDue; waited += 1000) clock.advance(1000);
      pauses.push(waited / 1000);
    }
    expect(pauses.slice(0, 4)).toEqual([10, 20, 40, 80]);
    expect(pauses.at(-1)).toBe(1800);
    trial.begin();
    trial.result(true);
    trial.lasted();
    trial.broke();
    expect(trial.works).toBe(false);
    clock.advance(10_000);
    expect(trial.isDue).toBe(true);
  });

  it('goes on from what was known', () => {
    const clock = new FakeClock();
    expect(new StreamTrial(clock, true).works).toBe(true);
    const failed = new StreamTrial(clock, false);
    expect([failed.works, failed.isDue]).toEqual([false, false]);
  });
});
