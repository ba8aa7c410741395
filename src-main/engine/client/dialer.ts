import type { Timer } from '../base/clock.ts';
import { CulvertError, describeError } from '../base/errors.ts';
import type { Carrier } from '../carrier/carrier.ts';
import type { Muxer } from '../mux/muxer.ts';
import { endInOrder } from '../session/ending.ts';
import type { Session } from '../session/session.ts';
import { Backoff } from './backoff.ts';
import { CandidateBook } from './candidate-book.ts';
import type { Candidate } from './carry.ts';
import { type Connection, Connector, type ConnectorOptions } from './connector.ts';
import type { CarrierStatus, DialerState, InUse, PathStatus } from './dialer-state.ts';
import { LiveSession } from './live-session.ts';
import type { Begun } from './try-begin.ts';
import type { Tunnel } from './tunnel.ts';

export interface DialerOptions extends ConnectorOptions {
  tunnel: Tunnel;
  onState?: (state: DialerState) => void;
}

/**
 * A session the server did not take back this often in a row is taken for lost: the server has restarted, or another
 * one answers at its address. More than once, as one strange answer on the way is no proof.
 */
const ATTACH_TRIES = 2;
/** Shortest and longest time an echo may take after the network changed, ms. */
const CHECK_MIN_MS = 500;
const CHECK_MAX_MS = 2_000;
/** Silence that is told as a state, ms: what is mended sooner would only flicker. */
const DEGRADED_MS = 1_000;

/** Which carrier is in use, since when and why. */
interface Use {
  readonly candidate: Candidate;
  readonly carrier: Carrier;
  readonly why: string;
  readonly since: number;
}

/**
 * Keeps the client connected: asks for a session by the best transport that passes an echo, moves it to a better one
 * or away from a bad one while it lives, and gives it another carrier when its last one is lost.
 */
export class Dialer {
  state: DialerState = { kind: 'stopped' };
  private readonly options: DialerOptions;
  private readonly backoff: Backoff;
  private readonly book: CandidateBook;
  private readonly connector: Connector;
  private live: LiveSession | undefined;
  private use: Use | undefined;
  private timer: Timer | undefined;
  /** The carrier in use stalls, and that is about to be told. */
  private worsens: Timer | undefined;
  private running = false;
  private online = true;
  private refusals = 0;
  /** When the last carrier was lost, or the network changed. */
  private lostAt = 0;
  /** When the present trouble began. */
  private since = 0;
  private lastFailure: string | undefined;

  constructor(options: DialerOptions) {
    this.options = options;
    const { config, clock, random, candidates } = options;
    this.backoff = new Backoff(config.backoffMinMs, config.backoffMaxMs, random);
    this.book = new CandidateBook({ ...config, candidates, clock });
    this.connector = new Connector(options, this.book);
  }

  get session(): Session | undefined {
    return this.live?.session;
  }
  get mux(): Muxer | undefined {
    return this.live?.mux;
  }
  /** The carrier in use, for people. */
  get carrier(): CarrierStatus | undefined {
    const { use } = this;
    if (use === undefined) return undefined;
    const rttMs = this.session?.stats.rttMs;
    return { ...this.inUse(use), since: use.since, rttMs, learnt: use.carrier.learnt ?? {} };
  }

  paths(): PathStatus[] {
    return this.book.status(this.use?.candidate.kind);
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.since = this.options.clock.now();
    this.connect();
  }

  /** Ends the session: the server is told, if that can be done at once. */
  stop(): void {
    this.leave()?.session.close();
    this.setState({ kind: 'stopped' });
  }

  /** Ends the session in order, before `stop`: what is under way arrives, and the server is told. */
  async close(): Promise<void> {
    const live = this.leave();
    if (live !== undefined) {
      const { clock, config } = this.options;
      const settle = live.mux.streams.size === 0;
      await endInOrder(live.session, { clock, settle, settleMs: config.drainMs, asked: false });
    }
  }

  private leave(): LiveSession | undefined {
    this.running = false;
    this.quiet();
    const { live } = this;
    this.forget();
    return live;
  }

  /** Do not wait for the backoff's end: the user asks. */
  retryNow(): void {
    this.backoff.reset();
    if (this.running && this.use === undefined) this.connect();
  }

  /**
   * The network is another one, or the machine woke. What was learnt is forgotten, a carrier in use has to answer
   * soon, and where there is none another is tried at once. `online`: whether the host knows of any network.
   */
  networkChanged(online: boolean): void {
    this.online = online;
    if (!this.running) return;
    this.book.reset();
    this.backoff.reset();
    this.lostAt = this.options.clock.now();
    if (this.live === undefined || this.use === undefined) return this.connect();
    const rtt = this.live.session.stats.rttMs ?? CHECK_MIN_MS;
    this.live.check(Math.min(CHECK_MAX_MS, Math.max(CHECK_MIN_MS, 4 * rtt)));
  }

  /** Other transports are wanted than before. What is open moves without a break; what does not work yet is tried on. */
  transportsChanged(): void {
    this.book.reset();
    this.backoff.reset();
    if (!this.running) return;
    if (this.live === undefined || this.use === undefined) return this.connect();
    this.live.rechoose(!this.use.candidate.available());
  }

  private setState(state: DialerState): void {
    this.state = state;
    this.options.onState?.(state);
  }

  private quiet(): void {
    this.timer?.cancel();
    this.worsens?.cancel();
    this.connector.cancel();
  }

  private forget(): void {
    this.live?.leave();
    this.live = undefined;
    this.use = undefined;
  }

  // ---- connecting -----------------------------------------------------------------------------------------

  private connect(): void {
    this.quiet();
    if (!this.running) return;
    const { live } = this;
    if (live === undefined) {
      this.setState({ kind: 'connecting', since: this.since });
      this.connector.begin(undefined, (connection) => this.connected(connection));
      return;
    }
    this.connector.attach(live, this.lostAt, this.refusals === 0, (connection) => this.connected(connection));
  }

  private connected(connection: Connection): void {
    switch (connection.kind) {
      case 'begun':
        return this.begun(connection.begun, connection.candidate, connection.why);
      case 'attached':
        this.choose(connection.candidate, connection.carrier, connection.why);
        this.live?.session.choose(connection.carrier, true);
        return;
      case 'refused':
        this.refusals++;
        this.options.log.debug('the server did not take the session back');
        // The old one is given up only once a new one stands.
        if (this.refusals >= ATTACH_TRIES)
          this.connector.begin(this.live?.attacher, (begun) => this.connected(begun));
        else this.failed(connection.error);
        return;
      case 'failed':
        return this.failed(connection.error);
    }
  }

  private begun(begun: Begun, candidate: Candidate, why: string): void {
    const { options } = this;
    const old = this.live;
    if (old !== undefined) {
      this.forget();
      options.log.warn('the server no longer has the session; its connections are reset');
      old.session.destroy(new CulvertError('ERR_SESSION_LOST', 'the server no longer has the session'));
    }
    const live: LiveSession = new LiveSession(options, begun, this.book, {
      onChoice: (to, carrier, reason) => this.choose(to, carrier, reason),
      onActive: (carrier) => this.active(live, carrier),
      onEcho: (rttMs) => this.use !== undefined && this.book.passed(this.use.candidate.kind, rttMs),
      onStall: (sinceMs) => this.stalls(sinceMs),
      onSlow: (rttMs) => this.degraded('slow', `an echo takes ${Math.round(rttMs)} ms`, options.clock.now()),
      onWell: () => this.well(),
      onLost: (carrier, reason) => this.lost(live, carrier, reason),
      onEnd: (error) => this.ended(error),
    });
    this.live = live;
    for (const each of options.candidates) each.learn?.(begun.features, begun.rttMs);
    this.book.passed(candidate.kind, begun.rttMs);
    this.choose(candidate, begun.carrier, why);
    this.active(live, begun.carrier);
    options.tunnel.up(live.mux);
  }

  // ---- the carrier in use -----------------------------------------------------------------------------------

  private choose(candidate: Candidate, carrier: Carrier, why: string): void {
    this.use = { candidate, carrier, why, since: this.options.clock.now() };
  }

  private inUse({ candidate, carrier, why }: Use): InUse {
    const resumed = (this.session?.stats.resumes ?? 0) > 0;
    return { transport: candidate.kind, carrier: carrier.label, why, resumed };
  }

  private active(live: LiveSession, carrier: Carrier): void {
    const { use } = this;
    if (use?.carrier !== carrier) return;
    this.quiet();
    this.refusals = 0;
    this.lastFailure = undefined;
    this.backoff.reset();
    this.book.passed(use.candidate.kind, undefined);
    live.use(use.candidate, carrier);
    const inUse = this.inUse(use);
    const why = this.options.candidates.length > 1 ? `; ${use.why}` : '';
    const held = inUse.resumed ? ' (session resumed, nothing lost)' : '';
    this.options.log.info(`connected: ${carrier.label}${held}${why}`);
    this.setState({ kind: 'connected', since: use.since, ...inUse });
  }

  /** Other ways are being tried at once; a person is told of what lasts. */
  private stalls(sinceMs: number): void {
    const { clock } = this.options;
    this.worsens?.cancel();
    const tell = (): void => this.degraded('stalls', 'nothing comes back', sinceMs);
    const left = sinceMs + DEGRADED_MS - clock.now();
    if (left <= 0) tell();
    else this.worsens = clock.after(left, tell);
  }

  private degraded(how: 'stalls' | 'slow', what: string, since: number): void {
    const { use } = this;
    if (use === undefined || this.state.kind === 'degraded') return;
    this.options.log.warn(`degraded: ${use.carrier.label}: ${what}; trying other ways`);
    this.setState({ kind: 'degraded', since, how, ...this.inUse(use) });
  }

  private well(): void {
    const { use } = this;
    this.worsens?.cancel();
    if (use === undefined || this.state.kind !== 'degraded') return;
    this.options.log.info(`it answers again: ${use.carrier.label}`);
    this.setState({ kind: 'connected', since: use.since, ...this.inUse(use) });
  }

  private lost(live: LiveSession, carrier: Carrier, reason: CulvertError): void {
    const { use } = this;
    if (use?.carrier !== carrier) return;
    this.worsens?.cancel();
    const { clock, log } = this.options;
    this.book.lost(use.candidate.kind, clock.now() - use.since, reason);
    if (live.replace()) return;
    this.use = undefined;
    this.lostAt = clock.now();
    this.since = this.lostAt;
    log.warn(`disconnected: ${reason.message}; reconnecting, ${live.mux.streams.size} connection(s) held`);
    this.reconnecting(reason, undefined);
    this.connect();
  }

  private ended(error: CulvertError): void {
    this.quiet();
    this.forget();
    this.options.tunnel.down();
    this.since = this.options.clock.now();
    this.options.log.warn(`the session ended: ${error.message}`);
    this.failed(error);
  }

  // ---- failure ----------------------------------------------------------------------------------------------

  private failed(error: CulvertError): void {
    if (!this.running) return;
    this.quiet();
    const { log, clock } = this.options;
    const delay = this.backoff.next();
    const attempt = this.backoff.attempts;
    // A server that starts refuses flights made before it did: an ordinary answer is believed the second time.
    if (attempt > 1 || (error.code !== 'ERR_KEY_OR_CLOCK' && error.code !== 'ERR_WRONG_KEY')) {
      const text = `not connected: ${describeError(error)}; next try in ${(delay / 1000).toFixed(1)} s`;
      // The first failure and every later change of its reason are news; the rest is for those who watch.
      if (this.lastFailure !== error.message) log.warn(text);
      else log.info(text);
      this.lastFailure = error.message;
    }
    const until = clock.now() + delay;
    const common = { since: this.since, attempt, until, error };
    if (!this.online) this.setState({ kind: 'waitingForNetwork', ...common });
    else if (this.live !== undefined) this.reconnecting(error, until);
    else this.setState({ kind: 'failed', ...common });
    this.timer = clock.after(delay, () => this.connect());
  }

  private reconnecting(error: CulvertError, until: number | undefined): void {
    const attempt = this.backoff.attempts;
    this.setState({ kind: 'reconnecting', since: this.since, attempt, until, error });
  }
}
