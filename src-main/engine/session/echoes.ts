import type { Clock, RandomBytes, Timer } from '../base/clock.ts';
import type { Carrier } from '../carrier/carrier.ts';

/** The round trip, ms; undefined: no answer in time, or the carrier is gone. */
export type EchoDone = (rttMs: number | undefined) => void;

interface Waiting {
  readonly carrier: Carrier;
  readonly sentAt: number;
  readonly timer: Timer;
  readonly done: EchoDone;
}

/** Echoes asked for at a time; further ones count as unanswered. */
const MAX_WAITING = 32;

/** Authenticated echoes over any carrier of a session, also one that is not in use: what a path is judged by. */
export class Echoes {
  private readonly clock: Clock;
  private readonly random: RandomBytes;
  private readonly ping: (carrier: Carrier, token: number) => void;
  private readonly waiting = new Map<number, Waiting>();

  constructor(clock: Clock, random: RandomBytes, ping: (carrier: Carrier, token: number) => void) {
    this.clock = clock;
    this.random = random;
    this.ping = ping;
  }

  /** `done` is called once, also when the carrier or the session ends. */
  ask(carrier: Carrier, timeoutMs: number, done: EchoDone): void {
    const token = this.random(4).readUInt32BE(0);
    if (this.waiting.size >= MAX_WAITING || this.waiting.has(token)) {
      this.clock.after(0, () => done(undefined));
      return;
    }
    const timer = this.clock.after(timeoutMs, () => this.settle(token, undefined));
    this.waiting.set(token, { carrier, sentAt: this.clock.now(), timer, done });
    this.ping(carrier, token);
  }

  /** A PONG came. The carrier that was asked, and how long it took. */
  pong(token: number): { carrier: Carrier; rttMs: number } | undefined {
    const found = this.waiting.get(token);
    if (found === undefined) return undefined;
    const rttMs = this.clock.now() - found.sentAt;
    this.settle(token, rttMs);
    return { carrier: found.carrier, rttMs };
  }

  /** A carrier is gone; without one, all are. */
  gone(carrier?: Carrier): void {
    for (const [token, waiting] of [...this.waiting]) {
      if (carrier === undefined || waiting.carrier === carrier) this.settle(token, undefined);
    }
  }

  private settle(token: number, rttMs: number | undefined): void {
    const found = this.waiting.get(token);
    if (found === undefined) return;
    this.waiting.delete(token);
    found.timer.cancel();
    found.done(rttMs);
  }
}
