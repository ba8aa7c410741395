import { describe, expect, it } from 'vitest';
import { RateMeter } from '../../../../src-main/engine/session/rate-meter.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const KIB = 1 << 10;
/** What is out at any time while a path sets the pace, bytes. */
const OUT = 1 << 20;

function setup() {
  const clock = new FakeClock();
  return { clock, meter: new RateMeter(clock) };
}

/** Acknowledges `bytesPerSecond` for `ms`, in steps of 5 ms, with more out all the time. */
function run({ clock, meter }: ReturnType<typeof setup>, bytesPerSecond: number, ms: number): void {
  meter.sent();
  for (let at = 0; at < ms; at += 5) {
    clock.advance(5);
    meter.acked(bytesPerSecond / 200, OUT);
  }
}

/** Sends `bytes` and gets them acknowledged all at once after `ms`. */
function burst({ clock, meter }: ReturnType<typeof setup>, bytes: number, ms: number): void {
  meter.sent();
  clock.advance(ms);
  meter.acked(bytes, 0);
}

describe('RateMeter', () => {
  it.each([
    ['a slow path', 100_000, 16 << 10],
    ['8 MB/s', 8_000_000, 80_000],
    ['a fast path', 500_000_000, 256 << 10],
  ])('%s: a record of about 10 ms, between 16 and 256 KiB', (_name, rate, expected) => {
    const path = setup();
    expect(path.meter.recordBytes).toBe(64 << 10);
    run(path, rate, 200);
    expect(path.meter.recordBytes).toBeGreaterThanOrEqual(expected * 0.99);
    expect(path.meter.recordBytes).toBeLessThanOrEqual(expected * 1.01);
  });

  it('follows a path that becomes slow', () => {
    const path = setup();
    run(path, 500_000_000, 100);
    run(path, 1_000_000, 100);
    expect(path.meter.recordBytes).toBe(16 << 10);
  });

  it('follows one that becomes slow where one record is all that is out', () => {
    const path = setup();
    run(path, 500_000_000, 100);
    for (let i = 0; i < 3; i++) burst(path, path.meter.recordBytes, 250);
    expect(path.meter.recordBytes).toBe(16 << 10);
  });

  it('does not take the idleness of the user for slowness of the path', () => {
    const path = setup();
    run(path, 500_000_000, 100);
    const before = path.meter.recordBytes;
    path.meter.acked(OUT, 0);
    for (let i = 0; i < 50; i++) {
      burst(path, 100, 3);
      path.clock.advance(1000);
      path.meter.acked(100, 0);
    }
    expect(path.meter.recordBytes).toBe(before);
  });

  it('nor small messages of which some are out all the time', () => {
    const path = setup();
    run(path, 500_000_000, 100);
    path.meter.acked(OUT, 0);
    path.meter.sent();
    for (let at = 0; at < 1000; at++) {
      path.clock.advance(1);
      path.meter.acked(40, 40);
    }
    expect(path.meter.recordBytes).toBe(256 << 10);
  });

  it('nor an ACK that comes late', () => {
    const path = setup();
    run(path, 500_000_000, 100);
    path.meter.acked(OUT, 0);
    for (let i = 0; i < 50; i++) burst(path, 300 * KIB, 25);
    expect(path.meter.recordBytes).toBe(256 << 10);
  });

  it.each([0, 2])('grows with bursts that are acknowledged whole within %i ms', (ms) => {
    const path = setup();
    run(path, 100_000, 200);
    expect(path.meter.recordBytes).toBe(16 << 10);
    path.meter.acked(OUT, 0);
    for (let i = 0; i < 3; i++) burst(path, 512 * KIB, ms);
    expect(path.meter.recordBytes).toBe(256 << 10);
  });
});
