import { expect, it } from 'vitest';
import { IdleTimer } from '../../../../src-main/engine/pump/idle-timer.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

it('runs once, when nothing moved for as long', () => {
  const clock = new FakeClock();
  const ran: number[] = [];
  const timer = new IdleTimer(1000, clock, () => ran.push(clock.now()));
  const start = clock.now();
  for (let i = 0; i < 10; i++) {
    clock.advance(900);
    timer.touch();
  }
  expect(ran).toEqual([]);
  expect(clock.pending).toBe(1);
  expect(timer.lastMs).toBe(start + 9000);
  clock.advance(10_000);
  expect(ran).toEqual([start + 10_000]);
  expect(clock.pending).toBe(0);
});

it('never, when it is stopped', () => {
  const clock = new FakeClock();
  let ran = 0;
  const timer = new IdleTimer(1000, clock, () => ran++);
  timer.stop();
  clock.advance(10_000);
  expect([ran, clock.pending]).toEqual([0, 0]);
});
