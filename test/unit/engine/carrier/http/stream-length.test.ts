import { describe, expect, it } from 'vitest';
import { StreamLength } from '../../../../../src-main/engine/carrier/http/stream-length.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';

describe('StreamLength', () => {
  it('begins with what any body may have, and grows with what arrives, to a bound', () => {
    const length = new StreamLength(new FakeClock());
    expect(length.bytes).toBe(1_000_000);
    length.arrived(20_000);
    expect(length.bytes).toBe(1_000_000);
    length.arrived(900_000);
    expect(length.bytes).toBe(8_000_000);
    for (let i = 0; i < 20; i++) length.arrived(length.bytes);
    expect(length.bytes).toBe(512 << 20);
  });

  it('goes back to what arrived when a gateway refuses more, and tries more after ten minutes', () => {
    const clock = new FakeClock();
    const length = new StreamLength(clock);
    length.arrived(990_000);
    expect(length.refused(1_500_000)).toBe(true);
    expect(length.bytes).toBe(990_000);
    length.arrived(980_000);
    expect(length.bytes).toBe(990_000);
    clock.advance(10 * 60_000);
    length.arrived(980_000);
    expect(length.bytes).toBe(8 * 990_000);
  });

  it('becomes much shorter where nothing arrived, until it is of no use', () => {
    const length = new StreamLength(new FakeClock());
    expect(length.refused(800_000)).toBe(true);
    expect(length.bytes).toBe(100_000);
    expect(length.refused(100_000)).toBe(false);
    expect(new StreamLength(new FakeClock()).refused(0)).toBe(false);
  });

  it('does not believe what arrived once when the limit is another now', () => {
    const length = new StreamLength(new FakeClock());
    length.arrived(990_000);
    expect(length.refused(800_000)).toBe(true);
    expect(length.bytes).toBe(100_000);
  });
});
