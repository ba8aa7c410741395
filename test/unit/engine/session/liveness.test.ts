import { describe, expect, it } from 'vitest';
import type { CulvertError } from '../../../../src-main/engine/base/errors.ts';
import type { Carrier, CarrierEvents } from '../../../../src-main/engine/carrier/carrier.ts';
import { Liveness } from '../../../../src-main/engine/session/liveness.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { Seeded } from '../../../support/seeded.ts';

const LIMITS = { pingIntervalMs: 25_000, pingTimeoutMs: 10_000, stallProbeMs: 3000 };

class HearingCarrier implements Carrier {
  readonly kind = 'ws';
  readonly label = 'test';
  readonly stats = { sent: 0, received: 0 };
  readonly writable = true;
  readonly buffered = 0;
  heardAt: number;
  constructor(heardAt: number) {
    this.heardAt = heardAt;
  }
  start(_events: CarrierEvents): void {}
  send(): void {}
  close(): void {}
  destroy(_error: CulvertError): void {}
}

function setUp() {
  const clock = new FakeClock();
  const carrier = new HearingCarrier(clock.now());
  clock.advance(1);
  const state: { carrier: Carrier | undefined; waiting: boolean; echo: boolean; rttMs: number } = {
    carrier,
    waiting: false,
    echo: true,
    rttMs: 50,
  };
  const pings: Array<{ at: number; token: number }> = [];
  const echoes: Array<number | undefined> = [];
  const deaths: Array<{ at: number; silence: number }> = [];
  const start = clock.now();
  const liveness: Liveness = new Liveness({
    limits: LIMITS,
    clock,
    random: new Seeded(1).source,
    carrier: () => state.carrier,
    waiting: () => state.waiting,
    ping: (token) => {
      pings.push({ at: clock.now() - start, token });
      if (!state.echo) return;
      clock.after(state.rttMs, () => {
        carrier.heardAt = clock.now();
        echoes.push(liveness.pong(token));
      });
    },
    dead: (_carrier, silence) => {
      deaths.push({ at: clock.now() - start, silence });
      state.carrier = undefined;
      liveness.reset();
    },
  });
  /** Answers for a second, then for `quietMs` nobody speaks; returns when the last byte came. */
  const fallSilent = (quietMs: number): number => {
    liveness.reset();
    clock.advance(1000);
    state.echo = false;
    pings.length = 0;
    const heard = carrier.heardAt - start;
    clock.advance(quietMs);
    return heard;
  };
  return { clock, carrier, state, pings, echoes, deaths, liveness, fallSilent, start };
}

describe('Liveness', () => {
  it('measures the round trip at once, a few times, and only by the token asked for', () => {
    const { clock, pings, echoes, liveness } = setUp();
    liveness.reset();
    expect(pings).toHaveLength(1);
    expect(liveness.pong((pings[0].token + 1) >>> 0)).toBeUndefined();
    clock.advance(5000);
    expect(echoes.length).toBeGreaterThanOrEqual(1);
    expect(echoes.length).toBeLessThan(20);
    expect(new Set(echoes)).toEqual(new Set([50]));
    expect(liveness.pong(pings[0].token)).toBeUndefined();
  });

  it.each([
    ['a short path is measured again when its traffic rests', 1, 1],
    ['a long path is not', 50, 0],
  ])('%s', (_name, rttMs, again) => {
    const { clock, carrier, pings, liveness, state } = setUp();
    state.rttMs = rttMs;
    liveness.reset();
    clock.advance(1000);
    pings.length = 0;
    // While it lasts there is no rest.
    for (let i = 0; i < 100; i++) {
      liveness.arm();
      clock.advance(50);
      carrier.heardAt = clock.now();
    }
    expect(pings).toHaveLength(0);
    clock.advance(2000);
    expect(pings).toHaveLength(again);
    clock.advance(10_000);
    expect(pings).toHaveLength(again);
  });

  it('a carrier that never answers is dead after the ping timeout', () => {
    const { clock, deaths, liveness, pings, state } = setUp();
    state.echo = false;
    liveness.reset();
    clock.advance(60_000);
    expect(pings).toHaveLength(1);
    expect(deaths).toEqual([{ at: 10_000, silence: 10_001 }]);
    expect(clock.pending).toBe(0);
  });

  it('idle silence: a ping after the interval, death after the timeout', () => {
    const { deaths, pings, fallSilent } = setUp();
    const heard = fallSilent(60_000);
    expect(pings.map(({ at }) => at)).toEqual([heard + 25_000]);
    expect(deaths.map(({ at }) => at)).toEqual([heard + 35_000]);
  });

  it('asks once an interval as long as it is answered', () => {
    const { clock, deaths, liveness, pings } = setUp();
    liveness.reset();
    clock.advance(1000);
    pings.length = 0;
    clock.advance(500_000);
    expect(deaths).toEqual([]);
    expect(pings.length).toBeGreaterThanOrEqual(18);
    expect(pings.length).toBeLessThanOrEqual(20);
  });

  it('any byte heard is life, though no pong comes', () => {
    const { clock, deaths, carrier, fallSilent } = setUp();
    fallSilent(0);
    for (let i = 0; i < 100; i++) {
      clock.advance(5000);
      carrier.heardAt = clock.now();
    }
    expect(deaths).toEqual([]);
  });

  it('with data under way silence is noticed sooner', () => {
    const { clock, deaths, liveness, state, pings, start, fallSilent } = setUp();
    fallSilent(10_000);
    state.waiting = true;
    const armed = clock.now() - start;
    liveness.arm();
    clock.advance(30_000);
    expect(pings).toHaveLength(1);
    expect(pings[0].at).toBeLessThanOrEqual(armed + 3000);
    expect(deaths).toHaveLength(1);
    expect(deaths[0].at).toBeLessThanOrEqual(armed + 13_000);
  });

  it('arming for every small message keeps one timer', () => {
    const { clock, liveness, state, fallSilent } = setUp();
    fallSilent(0);
    state.waiting = true;
    for (let i = 0; i < 1000; i++) liveness.arm();
    expect(clock.pending).toBe(1);
  });

  it('without a carrier it rests; arming then does nothing', () => {
    const { clock, liveness, state, pings } = setUp();
    state.carrier = undefined;
    liveness.reset();
    liveness.arm();
    expect(clock.pending).toBe(0);
    expect(pings).toEqual([]);
  });

  it('stop leaves no timer, and a late pong is nobody’s', () => {
    const { clock, liveness, pings, state } = setUp();
    state.echo = false;
    liveness.reset();
    liveness.stop();
    expect(clock.pending).toBe(0);
    expect(liveness.pong(pings[0].token)).toBeUndefined();
  });
});
