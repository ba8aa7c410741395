import { describe, expect, it } from 'vitest';
import { RateMeter } from '../../../../src-main/engine/session/rate-meter.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

/** Acknowledges `bytesPerSecond` for `ms`, in steps of 5 ms. */
function run(meter: RateMeter, clock: FakeClock, bytesPerSecond: number, ms: number): void {
  meter.acked(1000, true);
  for (let at = 0; at < ms; at += 5) {
    clock.advance(5);
    meter.acked(bytesPerSecond / 200, true);
  }
}

describe('RateMeter', () => {
  it.each([
    ['a slow path', 100_000, 16 << 10],
    ['8 MB/s', 8_000_000, 80_000],
    ['a fast path', 500_000_000, 256 << 10],
  ])('%s: a record of about 10 ms, between 16 and 256 KiB', (_name, rate, expected) => {
    const clock = new FakeClock();
    const meter = new RateMeter(clock);
    expect(meter.recordBytes).toBe(64 << 10);
    run(meter, clock, rate, 200);
    expect(meter.recordBytes).toBeGreaterThanOrEqual(expected * 0.99);
    expect(meter.recordBytes).toBeLessThanOrEqual(expected * 1.01);
  });

  it('follows a path that becomes slow', () => {
    const clock = new FakeClock();
    const meter = new RateMeter(clock);
    run(meter, clock, 500_000_000, 100);
    run(meter, clock, 1_000_000, 100);
    expect(meter.recordBytes).toBe(16 << 10);
  });

  it('does not take the idleness of the user for slowness of the path', () => {
    const clock = new FakeClock();
    const meter = new RateMeter(clock);
    run(meter, clock, 500_000_000, 100);
    const before = meter.recordBytes;
    for (let i = 0; i < 50; i++) {
      meter.acked(100, false);
      clock.advance(1000);
    }
    expect(meter.recordBytes).toBe(before);
  });
});
