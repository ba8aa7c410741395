import { printHostPort } from '../../src-shared/address.ts';
import type { ProfileLimits } from '../../src-shared/profile.ts';
import type { Connection } from '../../src-shared/status.ts';
import {
  assertNever,
  Client,
  type ClientStatus,
  DEFAULT_CONFIG,
  type EngineConfig,
  type Forward,
  type Logger,
  type PathMemory,
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

/** A client of the profile, without rules, that is not started. Rejects with ERR_BAD_KEY, ERR_UNSUPPORTED. */
export async function makeClient(
  profile: RunProfile,
  inner: {
    log: Logger;
    onState?: () => void;
    config?: Partial<EngineConfig>;
    recallPath?: () => PathMemory | undefined;
  },
): Promise<Client> {
  const { server } = profile;
  const headers: Array<readonly [string, string]> = profile.headers.map(({ name, value }) => [name, value]);
  if (profile.hostHeader !== '') headers.push(['Host', profile.hostHeader]);
  return new Client({
    server: new URL(`${server.scheme}://${printHostPort(server.host, server.port)}${server.path}`),
    key: await parseKey(profile.key),
    forwards: [],
    transport: profile.transport,
    route: routeOf(profile),
    headers,
    ca: profile.ca === '' ? undefined : [profile.ca],
    serverName: profile.sni === '' ? undefined : profile.sni,
    userAgent: profile.userAgent === '' ? undefined : profile.userAgent,
    config: { ...engineLimits(profile.limits), ...inner.config },
    log: inner.log,
    onState: inner.onState,
    recallPath: inner.recallPath,
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

export function forwardOf(rule: RunRule): Forward {
  // Every interface is an empty host to the engine.
  const bind = { host: rule.bind.host === '*' ? '' : rule.bind.host, port: rule.bind.port };
  switch (rule.kind) {
    case 'static':
    case 'udp':
      return { kind: rule.kind, bind, target: rule.target };
    case 'dynamic': {
      const auth = rule.auth === null ? undefined : { user: rule.auth.user, password: rule.password ?? '' };
      return { kind: 'dynamic', bind, auth };
    }
    default:
      return assertNever(rule);
  }
}

/** What a person is shown of a client, and what of it goes on between two looks. */
export class ConnectionView {
  private failed: Extract<Connection, { kind: 'failed' }> | undefined;

  /** Without a session a failure stays on the screen until something else is known, though it is tried again. */
  read(status: ClientStatus): Connection {
    const { state, session, streams: held } = status;
    if (state.kind === 'stopped' || state.kind === 'connecting') {
      if (this.failed !== undefined) return this.failed;
      return { kind: 'connecting', since: wallOf(state.kind === 'connecting' ? state.since : undefined) };
    }
    if (state.kind === 'failed') {
      const failure = failureOf(state.error);
      // The same failure again is no news.
      if (this.failed?.failure.message !== failure.message) {
        this.failed = { kind: 'failed', since: Date.now(), failure };
      }
      return this.failed;
    }
    this.failed = undefined;
    const rttMs = session?.rttMs ?? null;
    const since = wallOf(state.since);
    switch (state.kind) {
      case 'connected':
        return {
          kind: 'connected',
          transport: state.transport,
          rttMs,
          since,
          resumes: session?.resumes ?? 0,
        };
      case 'degraded':
        return { kind: 'degraded', transport: state.transport, rttMs, since, silentSince: since };
      case 'reconnecting': {
        const retryAt = state.until === undefined ? null : wallOf(state.until);
        const attempt = Math.max(1, state.attempt);
        return { kind: 'reconnecting', attempt, retryAt, held, failure: failureOf(state.error) };
      }
      case 'waitingForNetwork':
        return { kind: 'waitingForNetwork', since, held };
      default:
        return assertNever(state);
    }
  }

  /** A person asked: what failed before is no longer the news. */
  forget(): void {
    this.failed = undefined;
  }
}

/** The engine's monotonic time as wall clock, ms. */
export function wallOf(engineTime: number | undefined): number {
  return Math.round(Date.now() + (engineTime === undefined ? 0 : engineTime - performance.now()));
}
