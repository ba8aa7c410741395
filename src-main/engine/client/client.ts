import { type Clock, type RandomBytes, systemClock, systemRandom } from '../base/clock.ts';
import { CulvertError } from '../base/errors.ts';
import { type Logger, silentLogger } from '../base/log.ts';
import type { CarrierKind } from '../carrier/carrier.ts';
import type { PathMemory } from '../carrier/http/path-memory.ts';
import { type EngineConfig, resolveConfig } from '../config.ts';
import type { UserKey } from '../crypto/keys.ts';
import { enableNative } from '../native/enable.ts';
import { ByteBudget } from '../pump/datagram-queue.ts';
import type { SessionStats } from '../session/types.ts';
import { Dialer } from './dialer.ts';
import type { CarrierStatus, DialerState, PathStatus } from './dialer-state.ts';
import { type ConnectionStatus, type Forward, ForwardRule, type RuleStatus } from './rule.ts';
import { candidatesFor, type TransportChoice, type TransportOptions } from './transports.ts';
import { Tunnel } from './tunnel.ts';
import { WakeWatch } from './wake-watch.ts';

/** The server's URL: its path is where the requests go. */
export interface ClientOptions extends TransportOptions {
  key: UserKey;
  forwards: readonly Forward[];
  config?: Partial<EngineConfig>;
  log?: Logger;
  clock?: Clock;
  random?: RandomBytes;
  onState?: (state: DialerState) => void;
}

export interface ClientStatus {
  state: DialerState;
  /** The carrier in use: which, why this one, its round trip, what it learnt about the path. */
  carrier: CarrierStatus | undefined;
  /** Every transport that may be used, the best first. */
  paths: PathStatus[];
  /** Of the session there is. */
  session: SessionStats | undefined;
  /** Connections held by the session. */
  streams: number;
  rules: RuleStatus[];
}

/** Streams that may wait for a session at a time. */
const MAX_WAITING = 4096;

/** The client: rules that listen, and a dialer that keeps a session to the server. */
export class Client {
  private readonly config: EngineConfig;
  private readonly clock: Clock;
  private readonly tunnel: Tunnel;
  private readonly dialer: Dialer;
  private readonly wake: WakeWatch;
  private readonly memory: () => PathMemory | undefined;
  private readonly rules: ForwardRule[];
  private readonly log: Logger;
  private readonly budget: ByteBudget;
  private readonly choice: TransportChoice;
  private online = true;
  private stopped = false;

  constructor(options: ClientOptions) {
    this.config = resolveConfig(options.config);
    this.clock = options.clock ?? systemClock;
    const log = options.log ?? silentLogger;
    const { clock, config } = this;
    this.tunnel = new Tunnel({ dialTimeoutMs: config.dialTimeoutMs, maxWaiting: MAX_WAITING, clock });
    const random = options.random ?? systemRandom;
    this.choice = { transport: options.transport ?? 'auto' };
    const candidates = candidatesFor(
      options,
      { timeoutMs: config.connectTimeoutMs, clock, random, log, secret: options.key.datagramKey },
      this.choice,
    );
    this.memory = () => candidates.map((each) => each.memory?.()).find((found) => found !== undefined);
    this.dialer = new Dialer({
      server: options.server.host,
      key: options.key,
      candidates,
      tunnel: this.tunnel,
      config,
      clock,
      random,
      log,
      onState: options.onState,
    });
    this.log = log;
    this.budget = new ByteBudget(config.udpQueueTotalBytes);
    this.wake = new WakeWatch(clock, (sleptMs) => {
      log.info(
        `this machine slept for about ${Math.round(sleptMs / 1000)} s: looking whether the way is still open`,
      );
      this.networkChanged(this.online);
    });
    this.rules = options.forwards.map((forward) => this.ruleOf(forward));
  }

  private ruleOf(forward: Forward): ForwardRule {
    const { config, clock, log, budget, tunnel } = this;
    const { idleTimeoutMs } = config;
    return new ForwardRule({ forward, opener: tunnel, idleTimeoutMs, udp: config, budget, clock, log });
  }

  /**
   * Opens every listener, then dials. Throws the listener's error (see ForwardRule.start), ERR_CLOSED when the client
   * was stopped meanwhile; none stays open then.
   */
  async start(): Promise<RuleStatus[]> {
    const native = enableNative();
    try {
      for (const rule of this.rules) {
        this.mustRun();
        await rule.start();
      }
      await native;
      this.mustRun();
    } catch (error) {
      for (const rule of this.rules) rule.destroy();
      throw error;
    }
    this.dialer.start();
    this.wake.start();
    return this.rules.map((rule) => rule.status());
  }

  /** One more rule on a client that runs. Throws the listener's error; the rule is not there then. */
  async addForward(forward: Forward): Promise<ForwardRule> {
    this.mustRun();
    const rule = this.ruleOf(forward);
    await rule.start();
    if (this.stopped) rule.destroy();
    this.mustRun();
    this.rules.push(rule);
    return rule;
  }

  private mustRun(): void {
    if (this.stopped) throw new CulvertError('ERR_CLOSED', 'the client was stopped');
  }

  /** Takes a rule away: its listener closes and its connections end; those of other rules do not notice. */
  removeForward(rule: ForwardRule): void {
    rule.destroy();
    rule.reset();
    const at = this.rules.indexOf(rule);
    if (at >= 0) this.rules.splice(at, 1);
  }

  status(): ClientStatus {
    return {
      state: this.dialer.state,
      carrier: this.dialer.carrier,
      paths: this.dialer
        .paths()
        .filter(({ transport, state }) => state === 'inUse' || this.isChosen(transport)),
      session: this.dialer.session?.stats,
      streams: this.dialer.mux?.streams.size ?? 0,
      rules: this.rules.map((rule) => rule.status()),
    };
  }

  private isChosen(kind: CarrierKind): boolean {
    return this.choice.transport === 'auto' || this.choice.transport === kind;
  }

  /** What is open now, per rule and in the order of `status().rules`. */
  connections(): ConnectionStatus[][] {
    return this.rules.map((rule) => rule.connections());
  }

  /**
   * What this client learnt about the path over HTTP since it last heard of another network; undefined: nothing yet.
   * To be kept per server and network, and given to the next client (`recallPath`).
   */
  get pathMemory(): PathMemory | undefined {
    return this.memory();
  }

  /** Try again now instead of at the backoff's end. */
  retryNow(): void {
    this.dialer.retryNow();
  }

  /** Use another transport from now on: the session moves there once it works, and its connections with it. */
  setTransport(transport: TransportChoice['transport']): void {
    if (this.choice.transport === transport) return;
    this.choice.transport = transport;
    this.dialer.transportsChanged();
  }

  /**
   * To be called by whoever learns that the network is another one, or is back: what was learnt about the path is
   * forgotten, the carrier in use has to answer soon, and there is no waiting for the end of a backoff. `online`:
   * whether there is any network at all; a guess, by which only the state goes.
   */
  networkChanged(online = true): void {
    this.online = online;
    this.dialer.networkChanged(online);
  }

  /** Takes no more connections, lets those there finish for a while, then ends the session in order. */
  async close(): Promise<void> {
    this.stopped = true;
    for (const rule of this.rules) rule.stop();
    const until = this.clock.now() + this.config.drainMs;
    while ((this.dialer.mux?.streams.size ?? 0) > 0 && this.clock.now() < until) {
      await new Promise<void>((resolve) => setTimeout(resolve, 50));
    }
    this.tunnel.close();
    await this.dialer.close();
    this.destroy();
  }

  /** Ends at once. */
  destroy(): void {
    this.stopped = true;
    this.wake.stop();
    this.tunnel.close();
    this.dialer.stop();
    for (const rule of this.rules) rule.destroy();
  }
}
