import type { KeyObject } from 'node:crypto';
import type { Clock, RandomBytes } from '../base/clock.ts';
import { CulvertError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { CarrierKind } from '../carrier/carrier.ts';
import { CookieJar } from '../carrier/cookie-jar.ts';
import type { HttpClientCarrier } from '../carrier/http/http-client.ts';
import { connectHttp } from '../carrier/http/http-connect.ts';
import { type PathMemory, withoutStreams } from '../carrier/http/path-memory.ts';
import { connectKcp } from '../carrier/kcp/kcp-connect.ts';
import type { ProxyRoute } from '../carrier/route.ts';
import { connectWs } from '../carrier/ws-connect.ts';
import { kcpPort } from '../wire/hello.ts';
import type { Candidate, CarryResult } from './carry.ts';

export interface TransportOptions {
  /** `http:`, `https:`, `ws:` or `wss:`. */
  server: URL;
  /** Default: all, the best that works. */
  transport?: 'auto' | 'ws' | 'http' | 'kcp';
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
  /**
   * What an earlier client learnt about this server on the network that the machine is in now (`Client.pathMemory`,
   * through `readPathMemory`). Asked for with the first HTTP carrier, and anew when the network has changed.
   */
  recallPath?: () => PathMemory | undefined;
}

/** What most browsers say; a rare one would stand out. */
export const USER_AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';

/** Rank and head start of each transport, the best first. A head start pays for a detour by a worse one. */
const RANKS = {
  kcp: { name: 'KCP', rank: 5, headStartMs: 300 },
  ws: { name: 'WebSocket', rank: 10, headStartMs: 300 },
  http: { name: 'HTTP', rank: 20, headStartMs: 0 },
} as const;

/** Which of its transports a client may use; it may change while the client runs. */
export interface TransportChoice {
  transport: 'auto' | 'ws' | 'http' | 'kcp';
}

/** On a path shorter than this TCP mends a loss soon enough, and takes less of the processor, ms. */
const KCP_WORTH_MS = 15;

interface Inner {
  timeoutMs: number;
  clock: Clock;
  random: RandomBytes;
  log: Logger;
  /** The user's key for datagrams. */
  secret: KeyObject;
}

/**
 * KCP, where the server's hello offers it and the path is long enough for it to be better; asked for by name, at the
 * UDP port of the URL's number. No proxy of ours carries datagrams.
 */
function kcpCandidate({ server, route }: TransportOptions, inner: Inner, choice: TransportChoice): Candidate {
  const { timeoutMs, clock, random, secret } = inner;
  const direct = route === undefined || route.kind === 'direct';
  const own = Number(server.port) || (/^(?:https|wss):$/.test(server.protocol) ? 443 : 80);
  const host = server.hostname.replace(/^\[|\]$/g, '');
  let offered: number | undefined;
  let worth = false;
  return {
    kind: 'kcp',
    ...RANKS.kcp,
    available: () =>
      choice.transport === 'kcp' || (choice.transport === 'auto' && direct && worth && offered !== undefined),
    learn: (features, rttMs) => {
      offered = kcpPort(features);
      worth = rttMs !== undefined && rttMs >= KCP_WORTH_MS;
    },
    carry: async (flight, signal): Promise<CarryResult> => {
      const port = offered ?? own;
      if (direct) return connectKcp({ host, port, secret, timeoutMs, clock, random, flight, signal });
      const error = new CulvertError('ERR_PROXY', 'KCP goes over UDP, which does not pass a proxy', {
        remedy: 'leave out -K, or the proxy',
      });
      return { kind: 'error', error };
    },
  };
}

/** The transports that a client may use. A further one joins here, with its rank and what it needs to be available. */
export function candidatesFor(
  options: TransportOptions,
  inner: Inner,
  choice: TransportChoice = { transport: options.transport ?? 'auto' },
): Candidate[] {
  const { server } = options;
  const { timeoutMs, clock, random, log } = inner;
  const chosen = (kind: CarrierKind) => (): boolean =>
    choice.transport === 'auto' || choice.transport === kind;
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
  /** Knows what the path lets through. */
  let last: HttpClientCarrier | undefined;
  /** What was known before there was one; undefined = not asked yet. */
  let recalled: { memory: PathMemory | undefined } | undefined;
  let changed = false;
  const recall = (): PathMemory | undefined => {
    if (recalled === undefined) {
      const memory = options.recallPath?.();
      recalled = { memory: memory !== undefined && changed ? withoutStreams(memory) : memory };
    }
    return recalled.memory;
  };
  return [
    kcpCandidate(options, inner, choice),
    {
      kind: 'ws',
      ...RANKS.ws,
      available: chosen('ws'),
      carry: (flight, signal) => connectWs({ ...common, url: wsUrl, flight, signal }),
    },
    {
      kind: 'http',
      ...RANKS.http,
      available: chosen('http'),
      carry: async (flight, signal) => {
        const memory = last?.memory ?? recall();
        const made = await connectHttp({ ...common, url: httpUrl, random, flight, signal, onNotice, memory });
        if (made.kind === 'open') last = made.carrier;
        return made;
      },
      forget: () => {
        last = undefined;
        recalled = undefined;
        changed = true;
      },
      memory: () => last?.memory,
    },
  ];
}
