import type { Clock, Timer } from '../base/clock.ts';
import type { Carrier } from '../carrier/carrier.ts';
import type { Session } from '../session/session.ts';

export interface PathWatchOptions {
  session: Session;
  clock: Clock;
  /** Silence after which an echo is asked for while something moves, ms. */
  stallProbeMs: number;
  onEcho: (rttMs: number) => void;
  /** Nothing comes back since `sinceMs`; at each further echo that is missed, too. */
  onStall: (sinceMs: number) => void;
  /** Twice in a row the echo came much later than the path's best, though little was under way. */
  onSlow: (rttMs: number) => void;
  /** Something came after a stall, or an echo in time after slow ones. */
  onWell: () => void;
}

const TICK_MS = 500;
/** Time between two echoes while something moves. */
const ECHO_MS = 5_000;
/** How long an echo may take before the path counts as stalled. */
const PATIENCE_MS = 1_500;
const MAX_PATIENCE_MS = 8_000;
/** The same when the carrier itself has doubts. */
const DOUBT_MIN_MS = 60;
const DOUBT_MAX_MS = 1_500;
/** Less than this under way does not explain a late echo, bytes. */
const QUIET_BYTES = 64 << 10;
/** An echo this long, and this many times as long as the best, is slow. */
const SLOW_MS = 1_000;
const SLOW_FACTOR = 5;

/**
 * Looks after the carrier in use: while something moves, or waits to be acknowledged, silence is answered with an
 * echo, and an echo that does not come is a stall. An idle path is left alone (the session's own keepalive sees to
 * it).
 */
export class PathWatch {
  private readonly options: PathWatchOptions;
  private timer: Timer | undefined;
  private carrier: Carrier | undefined;
  private seen = 0;
  private buffered = 0;
  private progressAt = 0;
  private moved = false;
  private asking = false;
  private doubting = false;
  private echoedAt = 0;
  private bestMs: number | undefined;
  private lateEchoes = 0;
  private ill = false;
  private turn = 0;

  constructor(options: PathWatchOptions) {
    this.options = options;
  }

  /** Another carrier is in use, or none. */
  reset(carrier: Carrier | undefined): void {
    this.stop();
    this.carrier = carrier;
    this.turn++;
    this.seen = this.traffic;
    this.echoedAt = this.options.clock.now();
    this.progressAt = this.echoedAt;
    this.moved = false;
    this.asking = false;
    this.doubting = false;
    this.bestMs = undefined;
    this.lateEchoes = 0;
    this.ill = false;
    if (carrier !== undefined) this.schedule();
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.carrier = undefined;
  }

  /** Something changed: an echo is wanted within `deadlineMs`. */
  check(deadlineMs: number): void {
    if (this.carrier !== undefined) this.ask(this.carrier, deadlineMs);
  }

  /** The carrier itself has its doubts. Its own remedies may be enough: that shows soon. */
  doubt(carrier: Carrier): void {
    if (carrier !== this.carrier || this.doubting || this.ill) return;
    this.doubting = true;
    // The shortest round trip: what waits behind data says nothing of the path. A carrier that died before its first
    // echo came back has none: the newest of the one before is nearer to it than the longest wait.
    const { minRttMs, rttMs } = this.options.session.stats;
    const rtt = minRttMs ?? rttMs ?? DOUBT_MAX_MS;
    this.ask(carrier, Math.min(DOUBT_MAX_MS, Math.max(DOUBT_MIN_MS, 4 * rtt)));
  }

  private get traffic(): number {
    const { stats } = this.options.session;
    return stats.sentBytes + stats.receivedBytes;
  }

  private schedule(): void {
    this.timer = this.options.clock.after(TICK_MS, () => {
      this.schedule();
      this.look();
    });
  }

  private look(): void {
    const { carrier } = this;
    const { session, clock, stallProbeMs } = this.options;
    if (carrier === undefined) return;
    const now = clock.now();
    if (this.traffic !== this.seen) {
      this.seen = this.traffic;
      this.moved = true;
    }
    // What leaves this process is progress too: on a slow path a full queue takes its time.
    if (carrier.buffered < this.buffered) this.progressAt = now;
    this.buffered = carrier.buffered;
    if (this.asking) return;
    if (this.ill) return this.ask(carrier, PATIENCE_MS);
    if (!this.moved && session.unacknowledged === 0) return;
    const silence = now - Math.max(carrier.heardAt, this.progressAt);
    if (silence >= stallProbeMs || now - this.echoedAt >= ECHO_MS) this.ask(carrier, this.patience);
  }

  private get patience(): number {
    const rtt = this.options.session.stats.rttMs ?? 0;
    return Math.min(MAX_PATIENCE_MS, Math.max(PATIENCE_MS, 4 * rtt));
  }

  /** A further one takes the place of the one before. */
  private ask(carrier: Carrier, patienceMs: number): void {
    const { session, clock } = this.options;
    const turn = ++this.turn;
    const askedAt = clock.now();
    const before = this.traffic;
    const quiet = session.unacknowledged < QUIET_BYTES;
    this.asking = true;
    this.moved = false;
    session.echo(carrier, patienceMs, (rttMs) => {
      if (turn !== this.turn || this.carrier !== carrier) return;
      this.asking = false;
      this.echoedAt = clock.now();
      const wasQuiet = quiet && this.traffic - before < QUIET_BYTES;
      if (rttMs === undefined) return this.missed(carrier, askedAt, patienceMs, wasQuiet);
      this.doubting = false;
      this.options.onEcho(rttMs);
      this.judge(rttMs, wasQuiet);
    });
  }

  private missed(carrier: Carrier, askedAt: number, patienceMs: number, quiet: boolean): void {
    const progress = Math.max(carrier.heardAt, this.progressAt);
    if (progress <= askedAt) {
      this.doubting = false;
      this.ill = true;
      this.options.onStall(askedAt);
      return;
    }
    // Busy, where others came before the echo; or these were the last before the path died.
    if (this.echoedAt - progress >= patienceMs / 2) return this.ask(carrier, patienceMs);
    this.doubting = false;
    // Whatever it will take, it is at least this.
    this.judge(patienceMs, quiet);
  }

  private judge(rttMs: number, quiet: boolean): void {
    const best = Math.min(rttMs, this.bestMs ?? this.options.session.stats.minRttMs ?? rttMs);
    this.bestMs = best;
    if (rttMs < SLOW_MS || rttMs < best * SLOW_FACTOR) {
      this.lateEchoes = 0;
      this.well();
    } else if (quiet && ++this.lateEchoes >= 2) {
      this.ill = true;
      this.options.onSlow(rttMs);
    }
  }

  private well(): void {
    if (!this.ill) return;
    this.ill = false;
    this.options.onWell();
  }
}
