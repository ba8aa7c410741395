import type { Clock, RandomBytes, Timer } from '../base/clock.ts';
import { CulvertError } from '../base/errors.ts';
import type { Carrier } from '../carrier/carrier.ts';

export interface LivenessOptions {
  limits: { pingIntervalMs: number; pingTimeoutMs: number; stallProbeMs: number };
  clock: Clock;
  random: RandomBytes;
  /** The carrier to watch. */
  carrier: () => Carrier | undefined;
  /** Whether sent data waits for acknowledgement: then silence is suspicious sooner. */
  waiting: () => boolean;
  ping: (token: number) => void;
  dead: (carrier: Carrier, silenceMs: number) => void;
}

/** Why a carrier is given up on which nothing came for so long. */
export function silenceError(silenceMs: number): CulvertError {
  return new CulvertError('ERR_CARRIER_TIMEOUT', `no sign of life for ${Math.round(silenceMs / 1000)} s`);
}

/** Echoes asked for one after the other when a carrier becomes active. */
const FIRST_SAMPLES = 4;
/**
 * On a path shorter than this the first echoes measure cold code rather than the path (1 ms instead of 0.1), and
 * windows go by the shortest: it is measured again when traffic has come to rest.
 */
const SHORT_PATH_MS = 5;
/** Nothing heard for so long is rest, ms. */
const REST_MS = 200;
/** Until there is some it is looked for this often, ms. */
const LOOK_FOR_REST_MS = 1000;

/**
 * Keepalive and dead-peer detection. Silence leads to a PING, silence after that to the carrier's end. Any byte
 * heard counts as life; the PONG also measures the round trip.
 */
export class Liveness {
  private readonly options: LivenessOptions;
  private timer: Timer | undefined;
  private token: number | undefined;
  private sentAt = 0;
  private dueAt = 0;
  private samples = 0;
  private shortest = Number.POSITIVE_INFINITY;
  /** There was traffic since the last echo. */
  private used = false;

  constructor(options: LivenessOptions) {
    this.options = options;
  }

  /** A carrier became active (its round trip is measured at once) or none is left. */
  reset(): void {
    this.stop();
    this.samples = 0;
    this.shortest = Number.POSITIVE_INFINITY;
    if (this.options.carrier() === undefined) return;
    this.sendPing();
    this.schedule();
  }

  /** Data is on its way: look sooner. Cheap when a look is near already, as it is called for every small message. */
  arm(): void {
    if (this.timer === undefined) return;
    this.used = true;
    if (this.dueAt > this.options.clock.now() + this.options.limits.stallProbeMs) this.schedule();
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.token = undefined;
  }

  /** The round trip, ms, when `token` is the one asked for. */
  pong(token: number): number | undefined {
    if (token !== this.token) return undefined;
    this.token = undefined;
    const rtt = this.options.clock.now() - this.sentAt;
    this.shortest = Math.min(this.shortest, rtt);
    // The first echo on a new carrier finds cold code and full queues; a few more tell the path's own time.
    if (++this.samples < FIRST_SAMPLES) this.sendPing();
    // The look that is due was set for an unanswered PING: data under way wants an earlier one.
    if (this.timer !== undefined) this.schedule();
    return rtt;
  }

  /** Silence after which a sign of life is asked for, ms. */
  private patience(carrier: Carrier): number {
    const { limits } = this.options;
    return this.options.waiting()
      ? limits.stallProbeMs
      : Math.max(limits.pingIntervalMs, carrier.quietMs ?? 0);
  }

  private get wantsRest(): boolean {
    return this.used && this.shortest < SHORT_PATH_MS;
  }

  private sendPing(): void {
    this.used = false;
    this.token = this.options.random(4).readUInt32BE(0);
    this.sentAt = this.options.clock.now();
    this.options.ping(this.token);
  }

  private schedule(): void {
    this.timer?.cancel();
    this.timer = undefined;
    const carrier = this.options.carrier();
    if (carrier === undefined) return;
    const { limits, clock } = this.options;
    const patience = this.patience(carrier);
    const due = this.token === undefined ? carrier.heardAt + patience : this.sentAt + limits.pingTimeoutMs;
    let delay = Math.max(10, due - clock.now());
    if (this.token === undefined && this.wantsRest) delay = Math.min(delay, LOOK_FOR_REST_MS);
    this.dueAt = clock.now() + delay;
    this.timer = clock.after(delay, () => this.check());
  }

  private check(): void {
    this.timer = undefined;
    const carrier = this.options.carrier();
    if (carrier === undefined) return;
    const { limits, clock } = this.options;
    const now = clock.now();
    const silence = now - carrier.heardAt;
    if (
      this.token !== undefined &&
      carrier.heardAt <= this.sentAt &&
      now - this.sentAt >= limits.pingTimeoutMs
    ) {
      this.options.dead(carrier, silence);
      return;
    }
    const patience = this.patience(carrier);
    if (this.token !== undefined && now - this.sentAt >= limits.pingTimeoutMs) this.token = undefined;
    const rested = this.wantsRest && silence >= REST_MS && !this.options.waiting();
    if (this.token === undefined && (silence >= patience || rested)) this.sendPing();
    this.schedule();
  }
}
