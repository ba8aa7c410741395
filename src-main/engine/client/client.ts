import { type Clock, type RandomBytes, systemClock, systemRandom } from '../base/clock.ts';
import { type Logger, silentLogger } from '../base/log.ts';
import { connectHttp } from '../carrier/http/http-connect.ts';
import type { ProxyRoute } from '../carrier/http/route.ts';
import { connectKcp } from '../carrier/kcp/kcp-connect.ts';
import { connectWs } from '../carrier/ws-connect.ts';
import { type EngineConfig, resolveConfig } from '../config.ts';
import type { UserKey } from '../crypto/keys.ts';
import type { SessionStats } from '../session/types.ts';
import { type Carry, Dialer, type DialerState } from './dialer.ts';
import { type ConnectionStatus, type Forward, ForwardRule, type RuleStatus } from './rule.ts';
import { Tunnel } from './tunnel.ts';

export interface ClientOptions {
  /** `http:`, `https:`, `ws:` or `wss:`; its path is where the requests go. */
  server: URL;
  key: UserKey;
  forwards: readonly Forward[];
  /** How records travel; default `ws`. */
  transport?: 'ws' | 'http' | 'kcp';
  /** The way to the server for HTTP; default straight. */
  route?: ProxyRoute;
  /** Extra request headers. */
  headers?: ReadonlyArray<readonly [name: string, value: string]>;
  /** PEM certificates trusted beside the system's. */
  ca?: readonly string[];
  config?: Partial<EngineConfig>;
  log?: Logger;
  clock?: Clock;
  random?: RandomBytes;
  onState?: (state: DialerState) => void;
}

export interface ClientStatus {
  state: DialerState;
  /** Of the session there is. */
  session: SessionStats | undefined;
  /** Connections held by the session. */
  streams: number;
  rules: RuleStatus[];
}

/** Streams that may wait for a session at a time. */
const MAX_WAITING = 4096;
/** What most browsers say; a rare one would stand out. */
const USER_AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';

/** Carries first flights by the transport that is asked for. */
function carryBy(options: ClientOptions, config: EngineConfig, clock: Clock, log: Logger): Carry {
  if (options.transport === 'kcp') {
    const { hostname, port, protocol } = options.server;
    const known = {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port) || (/s:$/.test(protocol) ? 443 : 80),
    };
    const random = options.random ?? systemRandom;
    const base = {
      ...known,
      secret: options.key.datagramKey,
      timeoutMs: config.connectTimeoutMs,
      clock,
      random,
    };
    return (flight, signal) => connectKcp({ ...base, flight, signal });
  }
  const secure = options.server.protocol === 'https:' || options.server.protocol === 'wss:';
  const common = {
    headers: options.headers ?? [],
    ca: options.ca,
    userAgent: USER_AGENT,
    timeoutMs: config.connectTimeoutMs,
    clock,
  };
  if (options.transport === 'http') {
    const url = new URL(options.server.href.replace(/^[a-z]+:/, secure ? 'https:' : 'http:'));
    const random = options.random ?? systemRandom;
    const route = options.route ?? { kind: 'direct' };
    return (flight, signal) =>
      connectHttp({ ...common, url, route, random, flight, signal, onNotice: (text) => log.warn(text) });
  }
  const url = new URL(options.server.href.replace(/^[a-z]+:/, secure ? 'wss:' : 'ws:'));
  return (flight, signal) => connectWs({ ...common, url, flight, signal });
}

/** The client: rules that listen, and a dialer that keeps a session to the server. */
export class Client {
  private readonly config: EngineConfig;
  private readonly clock: Clock;
  private readonly tunnel: Tunnel;
  private readonly dialer: Dialer;
  private readonly rules: ForwardRule[];

  constructor(options: ClientOptions) {
    this.config = resolveConfig(options.config);
    this.clock = options.clock ?? systemClock;
    const log = options.log ?? silentLogger;
    const { clock, config } = this;
    this.tunnel = new Tunnel({ dialTimeoutMs: config.dialTimeoutMs, maxWaiting: MAX_WAITING, clock });
    const url = new URL(options.server);
    this.dialer = new Dialer({
      server: url.host,
      key: options.key,
      carry: carryBy(options, config, clock, log),
      tunnel: this.tunnel,
      config,
      clock,
      random: options.random ?? systemRandom,
      log,
      onState: options.onState,
    });
    this.rules = options.forwards.map(
      (forward) =>
        new ForwardRule({ forward, opener: this.tunnel, idleTimeoutMs: config.idleTimeoutMs, clock, log }),
    );
  }

  /** Opens every listener, then dials. Throws the listener's error (see ForwardRule.start); none stays open then. */
  async start(): Promise<RuleStatus[]> {
    try {
      for (const rule of this.rules) await rule.start();
    } catch (error) {
      for (const rule of this.rules) rule.destroy();
      throw error;
    }
    this.dialer.start();
    return this.rules.map((rule) => rule.status());
  }

  status(): ClientStatus {
    return {
      state: this.dialer.state,
      session: this.dialer.session?.stats,
      streams: this.dialer.mux?.streams.size ?? 0,
      rules: this.rules.map((rule) => rule.status()),
    };
  }

  /** What is open now, per rule and in the order of `status().rules`. */
  connections(): ConnectionStatus[][] {
    return this.rules.map((rule) => rule.connections());
  }

  /** Try again now instead of at the backoff's end. */
  retryNow(): void {
    this.dialer.retryNow();
  }

  /** Takes no more connections, lets those there finish for a while, then ends the session in order. */
  async close(): Promise<void> {
    for (const rule of this.rules) rule.stop();
    const until = this.clock.now() + this.config.drainMs;
    while ((this.dialer.mux?.streams.size ?? 0) > 0 && this.clock.now() < until) {
      await new Promise<void>((resolve) => setTimeout(resolve, 50));
    }
    this.destroy();
  }

  /** Ends at once. */
  destroy(): void {
    this.tunnel.close();
    this.dialer.stop();
    for (const rule of this.rules) rule.destroy();
  }
}
