import { performance } from 'node:perf_hooks';
import type { SystemCalls } from './system-calls.ts';

/** What comes within this after the last turn began, ms, is waited for awake ... */
const SPIN_MS = 0.15;
/** ... when so many turns have come that soon, each that did not counting for half of those: who sends now and then pays nothing. */
const DENSE_TURNS = 4;
const MOST_DENSE = 16;
/** Others have the processor after so many polls: each time is a chance to lose it for a while. */
const POLLS_PER_YIELD = 4;
/** Others had the processor for so long at once, ms: more than one that serves a message takes. */
const TAKEN_MS = 0.5;
/** So much of that, ms, and somebody wants the processor for good. What a wait forgives that is not in vain, ms. */
const LOST_MS = 10;
const FORGIVEN_MS = 0.02;
/** Then there is no spinning for this long, ms; twice as long each time, up to the most. */
const REST_MS = 100;
const MOST_REST_MS = 5000;
/** After so many waits that were not in vain the next rest is a short one again. */
const UNDISTURBED = 2000;

/**
 * Waits awake for a message that is about to come.
 *
 * To fall asleep and be woken is most of what an echo on one machine takes: an idle processor halts, and to wake it is an
 * interrupt, on a virtual machine two exits to the host. By hand, on two processors: 145 us per round trip through both
 * ends, and 58 awake, at the same processor time per message. So, while messages follow one another that
 * closely, the next one is polled for, as network drivers (NAPI) and idle guests (haltpoll) do it.
 *
 * Now and then others have the processor (sched_yield(2)), as they would if this slept. Who yields to one that never sleeps loses a whole slice
 * of time, though: after a few of these there is no spinning for a while.
 */
export class Spin {
  private readonly calls: Pick<SystemCalls, 'sched_yield'>;
  private readonly now: () => number;
  private lastTurn = Number.NEGATIVE_INFINITY;
  private dense = 0;
  private lostMs = 0;
  private restUntil = 0;
  private restMs = REST_MS;
  private undisturbed = 0;

  /** `now` in ms. */
  constructor(calls: Pick<SystemCalls, 'sched_yield'>, now: () => number = () => performance.now()) {
    this.calls = calls;
    this.now = now;
  }

  /** A turn that serves something began at `at`, ms. */
  turn(at: number): void {
    this.dense = at - this.lastTurn < SPIN_MS ? Math.min(MOST_DENSE, this.dense + 1) : this.dense >> 1;
    this.lastTurn = at;
  }

  /** Calls `poll`, which takes what is there, until it says other than 0, which it returns. 0: better sleep. */
  wait(poll: () => number): number {
    if (this.dense < DENSE_TURNS) return 0;
    let before = this.now();
    if (before < this.restUntil) return 0;
    for (let polls = 1; before < this.lastTurn + SPIN_MS; polls++) {
      const ready = poll();
      if (ready !== 0) {
        this.worked();
        return ready;
      }
      if (polls % POLLS_PER_YIELD === 0) this.calls.sched_yield();
      const now = this.now();
      if (now - before > TAKEN_MS) this.lost(now, now - before);
      before = now;
    }
    return 0;
  }

  private worked(): void {
    this.lostMs = Math.max(0, this.lostMs - FORGIVEN_MS);
    if (++this.undisturbed === UNDISTURBED) this.restMs = REST_MS;
  }

  private lost(now: number, ms: number): void {
    this.lostMs += ms;
    if (this.lostMs < LOST_MS) return;
    this.lostMs = 0;
    this.restUntil = now + this.restMs;
    this.restMs = Math.min(MOST_REST_MS, this.restMs * 2);
    this.undisturbed = 0;
  }
}
