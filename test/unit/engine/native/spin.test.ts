import { describe, expect, it } from 'vitest';
import { Spin } from '../../../../src-main/engine/native/spin.ts';

const MESSAGE_MS = 0.03;

/** Time that passes with each yield: `yieldMs` gives how long the others take. */
function setUp() {
  const time = { now: 1000, yieldMs: 0.001, yields: 0 };
  const calls = {
    sched_yield: () => {
      time.yields++;
      time.now += time.yieldMs;
      return 0;
    },
  };
  const spin = new Spin(calls, () => time.now);
  const turns = (count: number, gapMs = MESSAGE_MS): void => {
    for (let i = 0; i < count; i++) {
      time.now += gapMs;
      spin.turn(time.now);
    }
  };
  /** Waits for what comes after so many polls; polls that were made. */
  const wait = (readyAfter = Number.POSITIVE_INFINITY): { ready: number; polls: number } => {
    let polls = 0;
    const ready = spin.wait(() => (++polls > readyAfter ? 3 : 0));
    return { ready, polls };
  };
  /** One message after another, each waited for, for so long, ms; how many were waited for awake. */
  const exchange = (forMs: number): number => {
    let awake = 0;
    for (const end = time.now + forMs; time.now < end; ) {
      turns(1);
      if (wait(1).ready > 0) awake++;
    }
    return awake;
  };
  /** Others take the processor twice, long enough; how long it rests then, ms. */
  const rest = (): number => {
    time.yieldMs = 6;
    for (let i = 0; i < 2; i++) {
      turns(9);
      wait();
    }
    time.yieldMs = 0.001;
    const from = time.now;
    do turns(9);
    while (wait(0).ready === 0);
    return time.now - from;
  };
  return { time, turns, wait, exchange, rest };
}

describe('waiting awake', () => {
  it('is for messages that follow one another closely, and takes what comes', () => {
    const { turns, wait, time } = setUp();
    turns(4);
    expect(wait(2)).toEqual({ ready: 0, polls: 0 });
    turns(1);
    expect(wait(9)).toEqual({ ready: 3, polls: 10 });
    // Every fourth poll others have their turn.
    expect(time.yields).toBe(2);
    turns(1, 0.2);
    expect(wait(2).polls).toBe(0);
  });

  it('goes on after one that came late, and not when that is the rule', () => {
    const { turns, wait } = setUp();
    turns(20);
    turns(1, 5);
    expect(wait(0).polls).toBe(1);
    // A question each 5 ms, its answer soon.
    for (let i = 0; i < 4; i++) {
      turns(1, 5);
      turns(1);
    }
    for (let i = 0; i < 100; i++) {
      turns(1, 5);
      expect(wait(0).polls).toBe(0);
      turns(1);
      expect(wait(0).polls).toBe(0);
    }
  });

  it('ends when nothing has come for a while', () => {
    const { turns, wait, time } = setUp();
    turns(9);
    const begun = time.now;
    expect(wait().ready).toBe(0);
    expect(time.now - begun).toBeCloseTo(0.15, 2);
  });

  it('gives way to who wants the processor, for longer and longer', () => {
    const { rest } = setUp();
    const rests = Array.from({ length: 9 }, rest);
    const expected = [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000];
    for (const [i, ms] of expected.entries()) expect(Math.abs(rests[i] - ms), `rest ${i}`).toBeLessThan(10);
  });

  it('does not mind a slice lost now and then, and forgets how long the last rest was', () => {
    const { time, exchange, turns, wait, rest } = setUp();
    for (let i = 0; i < 20; i++) {
      turns(9);
      time.yieldMs = 2;
      wait();
      time.yieldMs = 0.001;
      turns(9);
      expect(exchange(10)).toBeGreaterThan(250);
    }
    expect(rest()).toBeLessThan(110);
    expect(rest()).toBeGreaterThan(190);
    turns(9);
    expect(exchange(200)).toBeGreaterThan(2000);
    expect(rest()).toBeLessThan(110);
  });
});
