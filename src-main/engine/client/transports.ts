import type { Clock, RandomBytes } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { CookieJar } from '../carrier/cookie-jar.ts';
import type { HttpClientCarrier } from '../carrier/http/http-client.ts';
import { connectHttp } from '../carrier/http/http-connect.ts';
import type { PathMemory } from '../carrier/http/path.ts';
import type { ProxyRoute } from '../carrier/route.ts';
import { connectWs } from '../carrier/ws-connect.ts';
import type { Candidate } from './carry.ts';

export interface TransportOptions {
  /** `http:`, `https:`, `ws:` or `wss:`. */
  server: URL;
  /** Default: all, the best that works. */
  transport?: 'auto' | 'ws' | 'http';
  /** The way to the server; default straight. */
  route?: ProxyRoute;
  /** Extra request headers; `Host` overrides. */
  headers?: ReadonlyArray<readonly [name: string, value: string]>;
  /** PEM certificates trusted beside the system's. */
  ca?: readonly string[];
  /** Name to ask for, and to find in the certificate, in TLS instead of the server's. */
  serverName?: string;
  /** Default: that of a common browser. */
  userAgent?: string;
  /** What an earlier client learnt about this server on this network (`Client.pathMemory`). */
  pathMemory?: PathMemory;
}

/** What most browsers say; a rare one would stand out. */
export const USER_AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';

/** Rank and head start of each transport, the best first. A head start pays for a detour by a worse one. */
const RANKS = {
  ws: { name: 'WebSocket', rank: 10, headStartMs: 300 },
  http: { name: 'HTTP', rank: 20, headStartMs: 0 },
} as const;

const always = (): boolean => true;

/** The transports that a client may use. A further one joins here, with its rank and what it needs to be available. */
export function candidatesFor(
  options: TransportOptions,
  inner: { timeoutMs: number; clock: Clock; random: RandomBytes; log: Logger },
): Candidate[] {
  const { server, transport = 'auto' } = options;
  const { timeoutMs, clock, random, log } = inner;
  const common = {
    route: options.route ?? { kind: 'direct' as const },
    headers: options.headers ?? [],
    ca: options.ca,
    serverName: options.serverName,
    userAgent: options.userAgent ?? USER_AGENT,
    jar: new CookieJar(),
    timeoutMs,
    clock,
  };
  const onNotice = (text: string): void => log.warn(text);
  const secure = server.protocol === 'https:' || server.protocol === 'wss:';
  const urlOf = (scheme: string): URL =>
    new URL(server.href.replace(/^[a-z]+:/, `${scheme}${secure ? 's' : ''}:`));
  const [wsUrl, httpUrl] = [urlOf('ws'), urlOf('http')];
  let { pathMemory } = options;
  /** Knows what the path lets through. */
  let last: HttpClientCarrier | undefined;
  const all: Candidate[] = [
    {
      kind: 'ws',
      ...RANKS.ws,
      available: always,
      carry: (flight, signal) => connectWs({ ...common, url: wsUrl, flight, signal }),
    },
    {
      kind: 'http',
      ...RANKS.http,
      available: always,
      carry: async (flight, signal) => {
        const memory = last?.memory ?? pathMemory;
        const made = await connectHttp({ ...common, url: httpUrl, random, flight, signal, onNotice, memory });
        if (made.kind === 'open') last = made.carrier;
        return made;
      },
      forget: () => {
        last = undefined;
        pathMemory = undefined;
      },
      memory: () => last?.memory ?? pathMemory,
    },
  ];
  return all.filter(({ kind }) => transport === 'auto' || transport === kind);
}
