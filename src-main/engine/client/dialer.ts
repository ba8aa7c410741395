import { type Clock, flushTiming, type RandomBytes, type Timer } from '../base/clock.ts';
import { CulvertError, describeError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Carrier } from '../carrier/carrier.ts';
import type { EngineConfig } from '../config.ts';
import type { UserKey } from '../crypto/keys.ts';
import { Muxer } from '../mux/muxer.ts';
import { attachFlight, ClientFlight, flightBlocks, type SessionGrant } from '../session/client-flight.ts';
import { Session } from '../session/session.ts';
import { Backoff } from './backoff.ts';
import { answerError, clockOffset } from './server-answer.ts';
import type { Tunnel } from './tunnel.ts';

/** Result of one try to carry a first flight to the server. */
export type CarryResult =
  | { kind: 'open'; carrier: Carrier; replies: Buffer[] }
  | {
      kind: 'answer';
      status: number;
      statusText: string;
      date: number | undefined;
      location: string | undefined;
      contentType?: string | undefined;
    }
  | { kind: 'error'; error: CulvertError };

/** Carries a first flight to the server by some transport. Never rejects. */
export type Carry = (flight: Buffer, signal: AbortSignal) => Promise<CarryResult>;

export type DialerState =
  | { kind: 'stopped' }
  | { kind: 'connecting'; since: number }
  | { kind: 'connected'; since: number; carrier: string; resumed: boolean }
  | { kind: 'waiting'; until: number; attempt: number; error: CulvertError };

export interface DialerOptions {
  server: string;
  key: UserKey;
  carry: Carry;
  tunnel: Tunnel;
  config: EngineConfig;
  clock: Clock;
  random: RandomBytes;
  log: Logger;
  onState?: (state: DialerState) => void;
}

/**
 * A session the server did not take back this often in a row is given up: the server has restarted, or another one
 * answers at its address. More than once, as one strange answer on the way is no proof.
 */
const ATTACH_TRIES = 2;
/** A correction of the clock that differs less than this from the one in use is none, ms. */
const CLOCK_STEP_MS = 3000;

/** Keeps the client connected: makes sessions, attaches further carriers to them, backs off between failures. */
export class Dialer {
  state: DialerState = { kind: 'stopped' };
  session: Session | undefined;
  mux: Muxer | undefined;
  private readonly options: DialerOptions;
  private readonly backoff: Backoff;
  private clockOffsetMs = 0;
  private attachFailures = 0;
  private timer: Timer | undefined;
  private abort: AbortController | undefined;
  private running = false;
  private lastFailure: string | undefined;

  constructor(options: DialerOptions) {
    this.options = options;
    this.backoff = new Backoff(options.config.backoffMinMs, options.config.backoffMaxMs, options.random);
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    void this.connect();
  }

  /** Ends the session in order. */
  stop(): void {
    this.running = false;
    this.timer?.cancel();
    this.abort?.abort();
    this.session?.close();
    this.setState({ kind: 'stopped' });
  }

  /** Do not wait for the backoff's end: the user asks, the machine woke, the network changed. */
  retryNow(): void {
    this.backoff.reset();
    if (this.state.kind === 'waiting') void this.connect();
  }

  private setState(state: DialerState): void {
    this.state = state;
    this.options.onState?.(state);
  }

  private async connect(): Promise<void> {
    this.timer?.cancel();
    if (!this.running || this.state.kind === 'connecting') return;
    this.setState({ kind: 'connecting', since: this.options.clock.now() });
    try {
      await (this.session !== undefined && this.attachFailures < ATTACH_TRIES ? this.attach() : this.begin());
    } catch (error) {
      this.failed(
        new CulvertError('ERR_INTERNAL', `connecting failed: ${describeError(error)}`, { cause: error }),
      );
    }
  }

  private carry(flight: Buffer): Promise<CarryResult> {
    this.abort = new AbortController();
    return this.options.carry(flight, this.abort.signal);
  }

  /** A further carrier for the session there is. */
  private async attach(): Promise<void> {
    const { session } = this;
    if (session === undefined) return;
    const flight = attachFlight(this.options.key, session.id, session.sealAttach(true), this.options.random);
    const result = await this.carry(flight);
    if (!this.running || this.session !== session) {
      if (result.kind === 'open') result.carrier.destroy(new CulvertError('ERR_CLOSED', 'no longer wanted'));
      if (this.running) this.failed(new CulvertError('ERR_SESSION_LOST', 'the session ended'));
      return;
    }
    switch (result.kind) {
      case 'open':
        // `connected` follows when the server says what it has.
        session.attach(result.carrier, false);
        this.timer = this.options.clock.after(this.options.config.connectTimeoutMs, () => {
          if (session.carrier === result.carrier) return;
          result.carrier.destroy(
            new CulvertError('ERR_CARRIER_TIMEOUT', 'the server did not take the session up'),
          );
        });
        return;
      case 'answer':
        this.attachFailures++;
        this.options.log.debug(`the server did not take the session back (HTTP ${result.status})`);
        if (this.attachFailures < ATTACH_TRIES) return this.failed(answerError(this.options.server, result));
        return this.begin();
      case 'error':
        return this.failed(result.error);
    }
  }

  /** A new session. An old one is given up only once the new one stands. */
  private async begin(): Promise<void> {
    const { options } = this;
    const flight = new ClientFlight({
      key: options.key,
      clock: options.clock,
      random: options.random,
      clockOffsetMs: this.clockOffsetMs,
      windowBytes: options.config.initialWindowBytes,
      receiveBytes: options.config.receiveBufferBytes,
    });
    const result = await this.carry(flight.first);
    if (!this.running) {
      if (result.kind === 'open') result.carrier.destroy(new CulvertError('ERR_CLOSED', 'no longer wanted'));
      return;
    }
    if (result.kind === 'error') return this.failed(result.error);
    if (result.kind === 'answer') return this.refused(result);
    for (const reply of result.replies) {
      const grant = flight.finish(reply);
      if (grant !== undefined) return this.begun(grant, result.carrier);
    }
    const error = new CulvertError('ERR_NOT_CULVERT', `${options.server} answers, but is no Culvert server`, {
      remedy: 'check the address and the port',
    });
    result.carrier.destroy(error);
    this.failed(error);
  }

  /** It answered as a web site does. Perhaps only the clock is off: then it says so, corrects itself, tries again. */
  private refused(answer: Extract<CarryResult, { kind: 'answer' }>): void {
    const { clock, config, log, server } = this.options;
    const offset = clockOffset(answer.date, clock.wall());
    if (offset !== undefined && Math.abs(offset - this.clockOffsetMs) > CLOCK_STEP_MS) {
      this.clockOffsetMs = offset;
      const minutes = Math.round(Math.abs(offset) / 60_000);
      if (Math.abs(offset) > config.clockSkewMs / 2) {
        log.warn(
          `this computer's clock is ${minutes} minutes ${offset > 0 ? 'behind' : 'ahead of'} the server's; ` +
            'going by the server (set the clock to make this go away)',
        );
      }
      this.state = { kind: 'stopped' };
      void this.connect();
      return;
    }
    this.failed(answerError(server, answer));
  }

  private begun(grant: SessionGrant, carrier: Carrier): void {
    const { options } = this;
    const { config, clock } = options;
    const old = this.session;
    const session = new Session({
      id: grant.hello.sessionId,
      sendSecret: grant.sendSecret,
      receiveSecret: grant.receiveSecret,
      flightBlock: flightBlocks(options.key, grant.hello.sessionId, options.random),
      limits: { ...config, sendBufferBytes: Math.min(config.sendBufferBytes, grant.hello.receiveBytes) },
      clock,
      random: options.random,
      defer: flushTiming(() => mux.streams.size),
      log: options.log,
    });
    const mux: Muxer = new Muxer({
      role: 'client',
      limits: config,
      peerWindowBytes: grant.hello.windowBytes,
      clock,
      rttMs: () => session.windowRttMs,
      fault: (error) => session.destroy(error),
      wake: (now) => session.wake(now),
    });
    session.use({
      pull: (limit) => mux.pull(limit),
      onRecord: (pieces) => mux.onRecord(pieces),
      onSessionEnd: (error) => mux.destroy(error.code === 'ERR_CLOSED' ? 'shutdown' : 'sessionLost'),
    });
    session.watcher = {
      onActive: (active) => this.active(active),
      onCarrierLost: (lost, reason, left) => this.lost(session, lost, reason, left),
      onEnd: (error) => this.ended(session, error),
    };
    this.session = session;
    this.mux = mux;
    this.attachFailures = 0;
    if (old !== undefined) {
      old.watcher = {};
      options.log.warn('the server no longer has the session; its connections are reset');
      old.destroy(new CulvertError('ERR_SESSION_LOST', 'the server no longer has the session'));
    }
    session.attach(carrier, true);
    options.tunnel.up(mux);
  }

  private active(carrier: Carrier): void {
    const resumed = (this.session?.stats.resumes ?? 0) > 0;
    this.attachFailures = 0;
    this.lastFailure = undefined;
    this.timer?.cancel();
    this.backoff.reset();
    this.options.log.info(`connected: ${carrier.label}${resumed ? ' (session resumed, nothing lost)' : ''}`);
    this.setState({ kind: 'connected', since: this.options.clock.now(), carrier: carrier.label, resumed });
  }

  private lost(session: Session, _carrier: Carrier, reason: CulvertError, left: number): void {
    if (session !== this.session || left > 0 || !this.running) return;
    const streams = this.mux?.streams.size ?? 0;
    this.options.log.warn(`disconnected: ${reason.message}; reconnecting, ${streams} connection(s) held`);
    if (this.state.kind === 'connected') {
      this.setState({ kind: 'stopped' });
      void this.connect();
    } else this.failed(reason);
  }

  private ended(session: Session, error: CulvertError): void {
    if (session !== this.session) return;
    this.session = undefined;
    this.mux = undefined;
    this.options.tunnel.down();
    if (!this.running) return;
    this.options.log.warn(`the session ended: ${error.message}`);
    this.failed(error);
  }

  private failed(error: CulvertError): void {
    if (!this.running) return;
    const { log } = this.options;
    this.timer?.cancel();
    const delay = this.backoff.next();
    const attempt = this.backoff.attempts;
    const text = `not connected: ${describeError(error)}; next try in ${(delay / 1000).toFixed(1)} s`;
    // The first failure and every later change of its reason are news; the rest is for those who watch.
    const news = this.lastFailure !== error.message;
    // A server that starts refuses flights made before it did: an ordinary answer is believed the second time.
    if (error.code === 'ERR_KEY_OR_CLOCK' && attempt === 1) {
      this.wait(error, delay, attempt);
      return;
    }
    this.lastFailure = error.message;
    if (news) log.warn(text);
    else log.info(text);
    this.wait(error, delay, attempt);
  }

  private wait(error: CulvertError, delay: number, attempt: number): void {
    const { clock } = this.options;
    this.setState({ kind: 'waiting', until: clock.now() + delay, attempt, error });
    this.timer = clock.after(delay, () => void this.connect());
  }
}
