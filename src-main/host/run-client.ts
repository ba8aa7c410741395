import { printHostPort } from '../../src-shared/address.ts';
import type { CarrierName, ProfileLimits } from '../../src-shared/profile.ts';
import type { Connection } from '../../src-shared/status.ts';
import {
  Client,
  type ClientStatus,
  DEFAULT_CONFIG,
  type EngineConfig,
  type Forward,
  type Logger,
  type ProxyRoute,
  parseKey,
} from '../engine/index.ts';
import type { RunProfile, RunRule } from './engine-messages.ts';
import { failureOf, HostError } from './failures.ts';

/** What a profile says, in the engine's words. */

export function engineLimits(limits: ProfileLimits): Partial<EngineConfig> {
  const { timeoutSeconds } = limits;
  return {
    streamWindowBytes: limits.writeBufferBytes,
    throttleBytesPerSecond: limits.throttleBytesPerSecond,
    // 0 is "never" for idle connections, which a dial cannot be: it keeps its default.
    dialTimeoutMs: timeoutSeconds ? timeoutSeconds * 1000 : DEFAULT_CONFIG.dialTimeoutMs,
    idleTimeoutMs: (timeoutSeconds ?? 0) * 1000,
  };
}

/** Which of its transports the engine uses for what is asked for. */
export function carrierFor(transport: RunProfile['transport']): Exclude<CarrierName, 'kcp'> {
  if (transport === 'kcp') throw new HostError('ERR_UNSUPPORTED', 'this version has no KCP yet');
  return transport === 'http' ? 'http' : 'ws';
}

/** A client of the profile, without rules, that is not started. Rejects with ERR_BAD_KEY, ERR_UNSUPPORTED. */
export async function makeClient(
  profile: RunProfile,
  inner: { log: Logger; onState?: () => void; config?: Partial<EngineConfig> },
): Promise<Client> {
  const { server } = profile;
  const headers: Array<readonly [string, string]> = profile.headers.map(({ name, value }) => [name, value]);
  if (profile.hostHeader !== '') headers.push(['Host', profile.hostHeader]);
  return new Client({
    server: new URL(`${server.scheme}://${printHostPort(server.host, server.port)}${server.path}`),
    key: await parseKey(profile.key),
    forwards: [],
    transport: carrierFor(profile.transport),
    route: routeOf(profile),
    headers,
    ca: profile.ca === '' ? undefined : [profile.ca],
    config: { ...engineLimits(profile.limits), ...inner.config },
    log: inner.log,
    onState: inner.onState,
  });
}

function routeOf({ proxy, proxyPassword }: RunProfile): ProxyRoute {
  if (proxy === null) return { kind: 'direct' };
  if (proxy.scheme === 'https') {
    throw new HostError('ERR_UNSUPPORTED', 'TLS to the proxy itself is not supported', {
      remedy: "use the proxy's http:// or socks5:// address",
    });
  }
  const { host, port, user } = proxy;
  const auth = user === '' ? undefined : { user, password: proxyPassword ?? '' };
  return { kind: proxy.scheme, host, port, auth };
}

/** Undefined where the engine has no such rule yet. */
export function forwardOf(rule: RunRule): Forward | undefined {
  // Every interface is an empty host to the engine.
  const bind = { host: rule.bind.host === '*' ? '' : rule.bind.host, port: rule.bind.port };
  switch (rule.kind) {
    case 'static':
      return { kind: 'static', bind, target: rule.target };
    case 'dynamic': {
      const auth = rule.auth === null ? undefined : { user: rule.auth.user, password: rule.password ?? '' };
      return { kind: 'dynamic', bind, auth };
    }
    case 'udp':
      return undefined;
  }
}

/** What a person is shown of a client, and what of it goes on between two looks. */
export class ConnectionView {
  private lastFailure: Connection | undefined;
  private attempt = 0;
  private readonly transport: CarrierName;

  constructor(transport: CarrierName) {
    this.transport = transport;
  }

  /** Without a session a failure stays on the screen until something else is known, though it is tried again. */
  read(status: ClientStatus): Connection {
    const { state, session } = status;
    const rttMs = session?.rttMs ?? null;
    switch (state.kind) {
      case 'stopped':
      case 'connecting': {
        if (this.lastFailure?.kind === 'failed') return this.lastFailure;
        if (session === undefined || this.lastFailure?.kind !== 'reconnecting') {
          return { kind: 'connecting', since: wallOf(state.kind === 'connecting' ? state.since : undefined) };
        }
        return { ...this.lastFailure, retryAt: null, held: status.streams };
      }
      case 'connected':
        this.lastFailure = undefined;
        this.attempt = 0;
        return {
          kind: 'connected',
          transport: this.transport,
          rttMs,
          since: wallOf(state.since),
          resumes: session?.resumes ?? 0,
        };
      case 'waiting': {
        this.attempt = state.attempt;
        const failure = failureOf(state.error);
        if (session === undefined) {
          const same = this.lastFailure?.kind === 'failed' && this.lastFailure.failure.code === failure.code;
          const since = same && this.lastFailure?.kind === 'failed' ? this.lastFailure.since : Date.now();
          this.lastFailure = { kind: 'failed', since, failure };
        } else {
          const retryAt = wallOf(state.until);
          this.lastFailure = {
            kind: 'reconnecting',
            attempt: Math.max(1, this.attempt),
            retryAt,
            held: status.streams,
            failure,
          };
        }
        return this.lastFailure;
      }
    }
  }

  /** A person asked: what failed before is no longer the news. */
  forget(): void {
    this.lastFailure = undefined;
  }
}

/** The engine's monotonic time as wall clock, ms. */
export function wallOf(engineTime: number | undefined): number {
  return Math.round(Date.now() + (engineTime === undefined ? 0 : engineTime - performance.now()));
}
