import { expect, it } from 'vitest';
import { WakeWatch } from '../../../../src-main/engine/client/wake-watch.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

it('notices a jump of the wall clock, once, and not the ordinary passing of time', () => {
  const clock = new FakeClock();
  const slept: number[] = [];
  const watch = new WakeWatch(clock, (ms) => slept.push(ms));
  watch.start();
  clock.advance(3_600_000);
  expect(slept).toEqual([]);
  // The machine slept: its monotonic clock stood still.
  clock.epoch += 600_000;
  clock.advance(2_000);
  expect(slept).toEqual([600_000]);
  clock.advance(60_000);
  expect(slept).toHaveLength(1);
  // Set by a little, or back: nobody slept.
  clock.epoch += 3_000;
  clock.advance(2_000);
  clock.epoch -= 600_000;
  clock.advance(2_000);
  expect(slept).toHaveLength(1);
  watch.stop();
  expect(clock.pending).toBe(0);
});
