import { LossMeter, MaxFilter } from './rate-filter.ts';

/**
 * How fast to send, after BBR (draft-cardwell-iccrg-bbr-congestion-control): a model of the path of two figures, the
 * largest rate at which it delivers and its shortest round trip, measured all the time. Their product is what must
 * be under way to fill the path without a queue. Loss is no sign of congestion here; a queue is.
 *
 * What differs from BBR:
 * - Loss counts only for what was sent in phases that let the queue drain (`LossMeter`): that share is the path's
 *   own, and the rate is raised by it, as a path that loses a tenth needs a tenth more to be full. Loss by a full
 *   queue is not in it, so that overload does not feed itself.
 * - It leaves the start as soon as a whole round is delayed by a queue, instead of when the rate stands still.
 * - The limit of what is under way leaves room for a short queue only.
 *
 * Pure: rates in bytes per ms, times in ms.
 */
export interface RateSample {
  bytes: number;
  sentAt: number;
  /** State when it was sent. */
  delivered: number;
  deliveredAt: number;
  firstSentAt: number;
  limited: boolean;
  /** It was sent in a phase that lets the queue drain. */
  calm: boolean;
}

type Phase = 'start' | 'drain' | 'up' | 'down' | 'cruise' | 'short';

const START_GAIN = 2.77;
const UP_GAIN = 1.25;
const DOWN_GAIN = 0.75;
/** Rounds of even sending between two tries for more. */
const CRUISE_ROUNDS = 6;
/** A path that grew by less than this in so many rounds is full. */
const FULL_GROWTH = 1.25;
const FULL_ROUNDS = 3;
/** The shortest round trip is forgotten after so long, and then looked for with little under way. */
const MIN_RTT_MS = 10_000;
const SHORT_MS = 200;
const RATE_ROUNDS = 10;
/** Timers and the event loop are late by this: it is added to the round trip where that is shorter or alike. */
const SLACK_MS = 4;
/** A sample over a shorter time says nothing. */
const LEAST_SAMPLE_MS = 2;
const FIRST_WINDOW = 16;
const LEAST_WINDOW = 6;

export class RateModel {
  /** Largest datagram, bytes. */
  mtu: number;
  /** Shortest round trip of late, ms. */
  minRtt: number | undefined;
  readonly loss = new LossMeter();
  phase: Phase = 'start';
  private delivered = 0;
  private deliveredAt = 0;
  private firstSentAt = 0;
  private limitedUntil = 0;
  private round = 0;
  private roundEnd = 0;
  private roundRtt = Number.POSITIVE_INFINITY;
  private roundSamples = 0;
  private readonly rates = new MaxFilter(RATE_ROUNDS);
  private fullRate = 0;
  private fullRounds = 0;
  private minRttAt = 0;
  private phaseAt = 0;
  private phaseRound = 0;
  private cruiseRounds = CRUISE_ROUNDS;
  private readonly random: () => number;

  /** `random`: 0 to below 1; two senders must not try for more at the same time. */
  constructor(mtu: number, random: () => number) {
    this.mtu = mtu;
    this.random = random;
  }

  /** Delivered bytes per ms; 0 before the first sample. */
  get rate(): number {
    return this.rates.max;
  }

  private get roundTrip(): number {
    return this.minRtt ?? 100;
  }

  /** Bytes under way that fill the path. */
  private get fill(): number {
    return (this.rate / (1 - this.loss.share)) * (this.roundTrip + SLACK_MS);
  }

  /** Bytes per ms to send at. */
  get pacing(): number {
    // What little was sent so far says nothing of what the path can take.
    const least = (this.leastWindow * this.mtu) / Math.max(this.roundTrip, 1);
    return Math.max(least, (this.gain() * this.rate) / (1 - this.loss.share));
  }

  private get leastWindow(): number {
    return this.phase === 'start' ? FIRST_WINDOW : LEAST_WINDOW;
  }

  private gain(): number {
    switch (this.phase) {
      case 'start':
        return START_GAIN;
      case 'drain':
        return 1 / START_GAIN;
      case 'up':
        return UP_GAIN;
      case 'down':
        return DOWN_GAIN;
      case 'cruise':
      case 'short':
        return 1;
    }
  }

  /** Bytes that may be under way. */
  get window(): number {
    const least = this.leastWindow * this.mtu;
    if (this.phase === 'short') return Math.max(least, this.fill / 2);
    const gain = this.phase === 'start' ? 2 : 1.3;
    return Math.max(least, gain * this.fill + 3 * this.mtu);
  }

  /** To be called for each datagram that asks for acknowledgement. `inFlight`: before it. */
  sent(bytes: number, inFlight: number, now: number): RateSample {
    if (inFlight === 0) {
      this.firstSentAt = now;
      this.deliveredAt = now;
    }
    return {
      bytes,
      sentAt: now,
      delivered: this.delivered,
      deliveredAt: this.deliveredAt,
      firstSentAt: this.firstSentAt,
      limited: this.limitedUntil > this.delivered,
      calm: this.phase === 'down' || this.phase === 'drain' || this.phase === 'short',
    };
  }

  /** Nothing more was there to send although it might have been sent: what follows says little of the path. */
  starved(inFlight: number): void {
    this.limitedUntil = this.delivered + Math.max(1, inFlight);
  }

  lostOne(sample: RateSample): void {
    if (sample.calm) this.loss.count(true);
  }

  /** Everything one acknowledgement brought, oldest first, and the round trip by it. */
  acked(samples: readonly RateSample[], rtt: number | undefined, inFlight: number, now: number): void {
    let newest: RateSample | undefined;
    // What was under way when the data ran out was not followed by more: its rate is not the path's either.
    const ranOut = this.limitedUntil > this.delivered;
    for (const sample of samples) {
      this.delivered += sample.bytes;
      if (sample.calm) this.loss.count(false);
      if (newest === undefined || sample.sentAt >= newest.sentAt) newest = sample;
    }
    if (newest === undefined) return;
    this.deliveredAt = now;
    this.firstSentAt = newest.sentAt;
    let roundOver = false;
    if (newest.delivered >= this.roundEnd) {
      this.round++;
      this.roundEnd = this.delivered;
      roundOver = true;
    }
    if (rtt !== undefined) this.takeRtt(rtt, now);
    const limited = newest.limited || ranOut;
    const took = Math.max(now - newest.deliveredAt, newest.sentAt - newest.firstSentAt);
    if (took >= Math.max(LEAST_SAMPLE_MS, this.roundTrip * 0.9)) {
      const rate = (this.delivered - newest.delivered) / took;
      if (!limited || rate >= this.rate) this.rates.add(this.round, rate);
    }
    this.move(roundOver, limited, inFlight, now);
    if (roundOver) {
      this.roundRtt = Number.POSITIVE_INFINITY;
      this.roundSamples = 0;
    }
  }

  private takeRtt(rtt: number, now: number): void {
    this.roundRtt = Math.min(this.roundRtt, rtt);
    this.roundSamples++;
    if (this.minRtt === undefined || rtt <= this.minRtt) {
      this.minRtt = rtt;
      this.minRttAt = now;
    }
  }

  private enter(phase: Phase, now: number): void {
    this.phase = phase;
    this.phaseAt = now;
    this.phaseRound = this.round;
  }

  private move(roundOver: boolean, limited: boolean, inFlight: number, now: number): void {
    const rounds = this.round - this.phaseRound;
    switch (this.phase) {
      case 'start':
        if (roundOver && this.isFull(limited)) this.enter('drain', now);
        break;
      case 'drain':
        if (inFlight <= this.fill || rounds > 3) this.enterCruise(now);
        break;
      case 'up':
        if (rounds >= 1 && (inFlight >= UP_GAIN * this.fill || rounds >= 2 || limited))
          this.enter('down', now);
        break;
      case 'down':
        if ((rounds >= 1 && inFlight <= this.fill) || rounds >= 2) this.enterCruise(now);
        break;
      case 'cruise':
        if (rounds >= this.cruiseRounds) this.enter('up', now);
        break;
      case 'short':
        if (now - this.phaseAt >= SHORT_MS && rounds >= 1) {
          this.minRttAt = now;
          this.enter('up', now);
        }
        break;
    }
    if (this.phase !== 'short' && this.phase !== 'start' && now - this.minRttAt > MIN_RTT_MS) {
      // An old minimum may be of a path that is no more.
      this.minRtt = this.roundRtt === Number.POSITIVE_INFINITY ? this.minRtt : this.roundRtt;
      this.enter('short', now);
    }
  }

  private enterCruise(now: number): void {
    this.cruiseRounds = CRUISE_ROUNDS - 2 + Math.floor(this.random() * 4);
    this.enter('cruise', now);
  }

  /** Whether the path is full: a queue stood for a whole round, or the rate no longer grows. */
  private isFull(limited: boolean): boolean {
    const queue = this.roundRtt - this.roundTrip;
    if (this.roundSamples >= 8 && queue > this.roundTrip / 4 + SLACK_MS) return true;
    if (limited) return false;
    if (this.rate >= this.fullRate * FULL_GROWTH) {
      this.fullRate = this.rate;
      this.fullRounds = 0;
      return false;
    }
    return ++this.fullRounds >= FULL_ROUNDS;
  }
}
