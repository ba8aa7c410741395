import { describe, expect, it } from 'vitest';
import { PathRate } from '../../../../../src-main/engine/carrier/http/rate.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';

const LIMIT = 1_000_000;

/** Moves `rate` bytes per second for `ms`. */
function run(path: PathRate, clock: FakeClock, rate: number, ms: number): void {
  for (let at = 0; at < ms; at += 10) {
    path.moved(rate / 100);
    clock.advance(10);
  }
}

describe('PathRate', () => {
  it('makes small bodies on an idle path, whole ones on a fast one', () => {
    const clock = new FakeClock();
    const path = new PathRate(clock);
    expect(path.body(LIMIT)).toBe(64_000);
    run(path, clock, 100e6, 1000);
    expect(path.body(LIMIT)).toBe(LIMIT);
    expect(path.body(50_000)).toBe(50_000);
    expect(path.rate).toBeGreaterThan(95e6);
    clock.advance(5000);
    expect(path.body(LIMIT)).toBe(64_000);
  });

  it('has as much under way as the round trip needs twice, and two bodies', () => {
    const clock = new FakeClock();
    const path = new PathRate(clock);
    path.roundTrip(100);
    run(path, clock, 40e6, 1000);
    expect(path.requests(LIMIT)).toBe(10);
    const near = new PathRate(clock);
    near.roundTrip(0.5);
    run(near, clock, 300e6, 1000);
    expect(near.requests(LIMIT)).toBe(3);
  });

  it('lets full bodies go up to all of that, others up to half', () => {
    const clock = new FakeClock();
    const path = new PathRate(clock);
    path.roundTrip(100);
    run(path, clock, 40e6, 1000);
    const underWay = (count: number) => ({ count, bytes: count * LIMIT });
    expect(path.mayStart(LIMIT, underWay(4), 300_000)).toBe(true);
    expect(path.mayStart(LIMIT, underWay(5), 300_000)).toBe(false);
    expect(path.mayStart(LIMIT, underWay(9), 900_000)).toBe(true);
    expect(path.mayStart(LIMIT, underWay(10), 900_000)).toBe(false);
    // Where bodies are small, each is as good as full.
    expect(new PathRate(clock).mayStart(LIMIT, { count: 1, bytes: 64_000 }, 5_000)).toBe(true);
  });

  it('believes the shortest round trip for half a minute', () => {
    const clock = new FakeClock();
    const path = new PathRate(clock);
    for (const ms of [80, 20, 50]) path.roundTrip(ms);
    expect(path.rttMs).toBe(20);
    clock.advance(31_000);
    path.roundTrip(90);
    expect(path.rttMs).toBe(90);
  });

  it('is busy with much, or with many, and not for long after', () => {
    const clock = new FakeClock();
    const path = new PathRate(clock);
    for (let i = 0; i < 15; i++) path.moved(1);
    expect(path.isBusy).toBe(false);
    path.moved(0);
    expect(path.isBusy).toBe(false);
    path.moved(1);
    expect(path.isBusy).toBe(true);
    clock.advance(2500);
    expect(path.isBusy).toBe(false);
    path.moved(70_000);
    expect(path.isBusy).toBe(true);
  });
});
