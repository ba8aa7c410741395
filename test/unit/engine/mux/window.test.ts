import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReceiveWindow } from '../../../../src-main/engine/mux/window.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

describe('ReceiveWindow', () => {
  it('lets the peer send its size and not one byte more', () => {
    const window = new ReceiveWindow(100, 100, new FakeClock());
    expect(window.take(60)).toBe(true);
    expect(window.take(40)).toBe(true);
    expect(window.take(1)).toBe(false);
  });

  it('grants once half of it is free, all that is free', () => {
    const window = new ReceiveWindow(100, 100, new FakeClock());
    window.take(100);
    expect(window.consume(49)).toBe(0);
    expect(window.consume(11)).toBe(60);
    expect(window.consume(40)).toBe(0);
    expect(window.take(60)).toBe(true);
    expect(window.take(1)).toBe(false);
  });

  it('grants a stream that is alone as soon as a quarter is free', () => {
    const window = new ReceiveWindow(100, 100, new FakeClock());
    window.take(100);
    expect(window.consume(24, true)).toBe(0);
    expect(window.consume(1, true)).toBe(25);
    expect(window.consume(25)).toBe(0);
    expect(window.consume(25)).toBe(50);
  });

  it('doubles for a reader that keeps up, up to its cap', () => {
    const clock = new FakeClock();
    const window = new ReceiveWindow(1000, 5000, clock);
    const grants: number[] = [];
    for (let i = 0; i < 40; i++) {
      clock.advance(10);
      const granted = window.consume(500);
      if (granted > 0) grants.push(granted - 500);
    }
    const grown = grants.filter((extra) => extra > 0);
    expect(grown.reduce((sum, extra) => sum + extra, 0)).toBeLessThanOrEqual(4000 + 40 * 500);
    expect(grown.length).toBeGreaterThanOrEqual(3);
    const after = window.consume(2500);
    expect(after).toBeLessThanOrEqual(5000);
  });

  it.each([1000, 16_384, 65_536])(
    'grows on a long path where data comes in bursts of chunks of %i bytes',
    (chunk) => {
      const [clock, rtt, cap] = [new FakeClock(), 100, 1 << 20];
      const window = new ReceiveWindow(256 << 10, cap, clock, { rttMs: () => rtt });
      let credit = 256 << 10;
      let bytes = 0;
      // All that may be sent leaves at once and arrives at once; what is granted for it comes a round trip later.
      for (let round = 0; round < 20; round++) {
        clock.advance(rtt);
        bytes = credit;
        credit = 0;
        for (let left = bytes; left > 0; left -= chunk) {
          const part = Math.min(chunk, left);
          expect(window.take(part)).toBe(true);
          credit += window.consume(part);
        }
      }
      expect(bytes).toBeGreaterThanOrEqual(cap * 0.6);
    },
  );

  it('does not grow on a long path that a sender does not fill', () => {
    const clock = new FakeClock();
    const window = new ReceiveWindow(1000, 8000, clock, { rttMs: () => 100 });
    let granted = 0;
    for (let i = 0; i < 100; i++) {
      clock.advance(50);
      granted += window.consume(150);
    }
    expect(granted).toBeLessThanOrEqual(15_000);
  });

  it('does not grow for a slow reader', () => {
    const clock = new FakeClock();
    const window = new ReceiveWindow(1000, 100_000, clock);
    for (let i = 0; i < 50; i++) {
      clock.advance(1000);
      expect(window.consume(500)).toBe(500);
    }
  });

  describe('on a short path', () => {
    const CAP = 1 << 20;
    const setup = () => {
      const clock = new FakeClock();
      const state = { interactive: false };
      const path = { rttMs: () => 0.2, isInteractive: () => state.interactive };
      const window = new ReceiveWindow(256 << 10, CAP, clock, path);
      let credit = 256 << 10;
      /** A reader of `rate` bytes a ms takes `bytes`, in pieces of 64 KiB; returns what is under way after it. */
      const read = (bytes: number, rate: number): number => {
        for (let left = bytes; left > 0; left -= 64 << 10) {
          const part = Math.min(left, 64 << 10);
          expect(window.take(part)).toBe(true);
          clock.advance(part / rate);
          credit += window.consume(part) - part;
          expect(credit).toBeGreaterThan(0);
        }
        return credit;
      };
      return { state, read };
    };

    it('widens for bulk alone, though a round trip would do with less', () => {
      const { read } = setup();
      // 100 bytes/us: half a window takes 1.3 ms, six round trips.
      expect(read(4 << 20, 100_000)).toBeGreaterThan(CAP / 2);
    });

    it('stays as it is for what is slow', () => {
      const { read } = setup();
      expect(read(4 << 20, 10_000)).toBeLessThanOrEqual(256 << 10);
    });

    it('shrinks to twice what the path needs beside an exchange, and widens again after it', () => {
      const { read, state } = setup();
      read(4 << 20, 500_000);
      state.interactive = true;
      // 2 x 0.2 ms at 500 KB/ms.
      expect(read(4 << 20, 500_000)).toBeLessThanOrEqual(200_000);
      expect(read(4 << 20, 100_000)).toBeLessThanOrEqual(128 << 10);
      state.interactive = false;
      expect(read(4 << 20, 500_000)).toBeGreaterThan(CAP / 2);
    });

    it('on a long one an exchange changes nothing', () => {
      const clock = new FakeClock();
      const path = { rttMs: () => 100, isInteractive: () => true };
      const window = new ReceiveWindow(CAP, CAP, clock, path);
      for (let i = 0; i < 20; i++) {
        clock.advance(100);
        window.take(CAP);
        expect(window.consume(CAP)).toBe(CAP);
      }
    });
  });

  it('never has more granted than its cap beyond what was consumed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1000, max: 4000 }),
        fc.integer({ min: 4000, max: 50_000 }),
        fc.array(fc.tuple(fc.nat(5000), fc.nat(200)), { maxLength: 100 }),
        (initial, cap, steps) => {
          const clock = new FakeClock();
          const window = new ReceiveWindow(initial, cap, clock);
          let credit = initial;
          let unread = 0;
          for (const [bytes, ms] of steps) {
            clock.advance(ms);
            const sent = Math.min(bytes, credit);
            expect(window.take(sent)).toBe(true);
            credit -= sent;
            unread += sent;
            const read = Math.min(unread, Math.ceil(bytes / 2));
            unread -= read;
            credit += window.consume(read);
            expect(credit + unread).toBeLessThanOrEqual(cap);
          }
          expect(window.take(credit + 1)).toBe(false);
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });

  it('never starves a sender whose reader has read everything', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 5000 }),
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 3000 }), fc.nat(3), fc.boolean()), { minLength: 5 }),
        (initial, scale, reads) => {
          // In units of `scale`: with large ones windows are wide enough to shrink.
          const size = initial * scale;
          const clock = new FakeClock();
          let isInteractive = false;
          const path = { rttMs: () => 1, isInteractive: () => isInteractive };
          const window = new ReceiveWindow(size, 4 * size, clock, path);
          let credit = size;
          for (const [units, ms, interactive] of reads) {
            isInteractive = interactive;
            clock.advance(ms);
            const wanted = units * scale;
            const bytes = Math.min(wanted, credit);
            expect(bytes).toBeGreaterThan(0);
            window.take(bytes);
            credit += window.consume(bytes) - bytes;
          }
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });
});
