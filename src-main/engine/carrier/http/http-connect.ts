import { setMaxListeners } from 'node:events';
import type { Clock, RandomBytes } from '../../base/clock.ts';
import { CulvertError } from '../../base/errors.ts';
import type { CookieJar } from '../cookie-jar.ts';
import { readFlightCookies } from '../flight-cookie.ts';
import { basicAuth, openRoute, type ProxyRoute } from '../route.ts';
import { HttpClientCarrier } from './http-client.ts';
import { Lane } from './lane.ts';
import { MAX_LANES } from './limits.ts';
import type { PathMemory } from './path-memory.ts';
import { RequestForm } from './request-form.ts';
import type { ResponseHead } from './response-parser.ts';
import { SocketsAhead } from './sockets-ahead.ts';

export interface HttpConnectOptions {
  /** `http:` or `https:`; its path is where the requests go. */
  url: URL;
  route: ProxyRoute;
  /** Extra request headers, in order. `Host` overrides. */
  headers: ReadonlyArray<readonly [name: string, value: string]>;
  /** PEM certificates trusted beside the system's. */
  ca?: readonly string[];
  /** Name to ask for in TLS instead of the URL's. */
  serverName?: string;
  userAgent: string;
  /** What a load balancer on the way wants to see again. */
  jar?: CookieJar;
  /** The first flight. */
  flight: Buffer;
  timeoutMs: number;
  clock: Clock;
  random: RandomBytes;
  signal: AbortSignal;
  /** What was learnt about this path before; see `HttpClientCarrier.memory`. */
  memory?: PathMemory;
  /** Something a person should know, such as a redirection that was followed. */
  onNotice?: (text: string) => void;
}

export type HttpConnectResult =
  /** `replies`: values of cookies that may hold the handshake's answer. */
  | { kind: 'open'; carrier: HttpClientCarrier; replies: Buffer[] }
  /** Somebody else answered: no Culvert, another key, clocks that differ, a login page. */
  | {
      kind: 'answer';
      status: number;
      statusText: string;
      date: number | undefined;
      location: string | undefined;
      contentType: string | undefined;
    }
  | { kind: 'error'; error: CulvertError };

/** Longest answer to a first flight. */
const MAX_FIRST = 2 << 20;

interface First {
  head: ResponseHead;
  body: Buffer;
}

/** Carries a first flight to the server in a POST. Never rejects. */
export async function connectHttp(options: HttpConnectOptions): Promise<HttpConnectResult> {
  const result = await connectOnce(options);
  if (result.kind !== 'answer' || result.location === undefined || options.url.protocol !== 'http:')
    return result;
  const secure = URL.canParse(result.location, options.url.href)
    ? new URL(result.location, options.url.href)
    : undefined;
  const redirected = [301, 302, 307, 308].includes(result.status);
  if (!redirected || secure?.protocol !== 'https:' || secure.hostname !== options.url.hostname) return result;
  options.onNotice?.(`${options.url.host} wants TLS (HTTP ${result.status}): going on with ${secure.origin}`);
  const url = new URL(options.url.href);
  url.protocol = 'https:';
  url.port = secure.port;
  return connectOnce({ ...options, url });
}

async function connectOnce(options: HttpConnectOptions): Promise<HttpConnectResult> {
  const { url, route, clock, flight, signal } = options;
  const form = new RequestForm({
    url,
    headers: options.headers,
    userAgent: options.userAgent,
    absolute: route.kind === 'http' && url.protocol === 'http:',
    proxyAuthorization: route.kind === 'http' ? basicAuth(route.auth) : undefined,
    jar: options.jar,
    random: options.random,
  });
  const life = new AbortController();
  // Each lane listens while it connects.
  setMaxListeners(2 * MAX_LANES, life.signal);
  const through = route.kind === 'direct' ? url.host : `${url.host} through ${route.host}:${route.port}`;
  const open = (): ReturnType<typeof openRoute> =>
    openRoute({
      url,
      route,
      ca: options.ca,
      serverName: options.serverName,
      timeoutMs: options.timeoutMs,
      signal: life.signal,
    });
  const ahead = new SocketsAhead(open, clock);
  const traffic = { sent: 0, received: 0 };
  let count = (sent: number, received: number): void => {
    traffic.sent += sent;
    traffic.received += received;
  };
  const lane = new Lane({
    open,
    ahead,
    name: url.host,
    onTraffic: (sent, received) => count(sent, received),
  });
  const abort = (): void => {
    life.abort();
    lane.abort(new CulvertError('ERR_CLOSED', 'the connection was given up'));
  };
  signal.addEventListener('abort', abort);
  const timer = setTimeout(() => {
    const text = `${url.host} did not answer within ${options.timeoutMs / 1000} s`;
    const remedy = 'check the address and that the network lets it through';
    lane.abort(new CulvertError('ERR_SERVER_TIMEOUT', text, { remedy }));
  }, options.timeoutMs);
  try {
    const first = await ask(lane, form.head(flight, 0), signal);
    const { head, body } = first;
    const replies = readFlightCookies(head.setCookies.map((line) => line.split(';')[0]).join('; '));
    const type = head.headers.get('content-type');
    if (head.status !== 200 || !type?.startsWith('application/octet-stream')) {
      lane.destroy();
      return foreignAnswer(head);
    }
    form.learn(head.setCookies);
    const carrier = new HttpClientCarrier({
      id: flight.readUInt32BE(flight.length - 4),
      label: `HTTP to ${through}`,
      form,
      lane,
      newLane: (onTraffic) => new Lane({ open, ahead, name: url.host, onTraffic }),
      ahead,
      first: body,
      memory: options.memory,
      clock,
    });
    carrier.onTraffic(traffic.sent, traffic.received);
    count = carrier.onTraffic;
    return { kind: 'open', carrier, replies };
  } catch (error) {
    lane.destroy();
    return {
      kind: 'error',
      error: error instanceof CulvertError ? error : new CulvertError('ERR_INTERNAL', String(error)),
    };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

function ask(lane: Lane, head: string, signal: AbortSignal): Promise<First> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new CulvertError('ERR_CLOSED', 'the connection was given up'));
    const chunks: Buffer[] = [];
    let bytes = 0;
    let got: ResponseHead | undefined;
    lane.request(head, [], {
      onHead: (response) => {
        got = response;
      },
      onBody: (chunk) => {
        bytes += chunk.length;
        chunks.push(Buffer.from(chunk));
        if (bytes > MAX_FIRST) lane.abort(new CulvertError('ERR_NOT_CULVERT', 'an endless answer'));
      },
      onEnd: () => got !== undefined && resolve({ head: got, body: Buffer.concat(chunks) }),
      onFail: (error) => {
        // Its status says more than the way in which it ended.
        if (got !== undefined && got.status !== 200) resolve({ head: got, body: Buffer.concat(chunks) });
        else reject(error);
      },
    });
  });
}

function foreignAnswer(head: ResponseHead): HttpConnectResult {
  const date = Date.parse(head.headers.get('date') ?? '');
  return {
    kind: 'answer',
    status: head.status,
    statusText: head.reason,
    date: Number.isNaN(date) ? undefined : date,
    location: head.headers.get('location'),
    contentType: head.headers.get('content-type'),
  };
}
