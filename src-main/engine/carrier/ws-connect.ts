import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import WebSocket from 'ws';
import type { Clock } from '../base/clock.ts';
import { CulvertError } from '../base/errors.ts';
import { connectError } from './connect-error.ts';
import type { CookieJar } from './cookie-jar.ts';
import { flightCookie, readFlightCookies } from './flight-cookie.ts';
import { openRoute, type ProxyRoute } from './route.ts';
import { WsCarrier } from './ws.ts';

export interface WsConnectOptions {
  /** `ws:` or `wss:`. */
  url: URL;
  /** A proxy on the way is asked for a CONNECT. */
  route: ProxyRoute;
  /** Extra request headers, in order. `Host` overrides. */
  headers: ReadonlyArray<readonly [name: string, value: string]>;
  /** PEM certificates trusted beside the system's. */
  ca?: readonly string[];
  /** Name to ask for in TLS instead of the URL's. */
  serverName?: string;
  userAgent: string;
  /** What a load balancer on the way wants to see again. */
  jar: CookieJar;
  /** The first flight. */
  flight: Buffer;
  timeoutMs: number;
  clock: Clock;
  signal: AbortSignal;
}

export type WsConnectResult =
  /** `replies`: values of cookies that may hold the handshake's answer. */
  | { kind: 'open'; carrier: WsCarrier; replies: Buffer[] }
  /** It answered as an ordinary site: no Culvert, another key, or the clocks differ. */
  | {
      kind: 'answer';
      status: number;
      statusText: string;
      date: number | undefined;
      location: string | undefined;
      contentType: string | undefined;
    }
  | { kind: 'error'; error: CulvertError };

type Taken = (socket: Socket, head: Buffer) => void;

/** `ws` makes and checks the handshake; then the socket is ours. */
class Handshake extends WebSocket {
  taken: Taken | undefined;

  /** Called by `ws` where it would start its own framing. */
  setSocket(socket: Socket, head: Buffer): void {
    this.taken?.(socket, head);
  }
}

/** Opens a WebSocket whose upgrade request carries the first flight. Never rejects. */
export async function connectWs(options: WsConnectOptions): Promise<WsConnectResult> {
  const { url, route, timeoutMs, signal } = options;
  const life = new AbortController();
  const giveUp = (): void => life.abort(new CulvertError('ERR_CLOSED', 'the connection was given up'));
  const timer = setTimeout(() => {
    const text = `${url.host} did not answer within ${timeoutMs / 1000} s`;
    const remedy = 'check the address and that the network lets it through';
    life.abort(new CulvertError('ERR_SERVER_TIMEOUT', text, { remedy }));
  }, timeoutMs);
  signal.addEventListener('abort', giveUp);
  if (signal.aborted) giveUp();
  try {
    const { ca, serverName } = options;
    const socket = await openRoute({ url, route, ca, serverName, timeoutMs, signal: life.signal });
    return await shakeHands(options, socket, life.signal);
  } catch (error) {
    const cause = error instanceof Error ? error : new Error(String(error));
    return { kind: 'error', error: cause instanceof CulvertError ? cause : connectError(url.host, cause) };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}

function headersOf(options: WsConnectOptions): Record<string, string> {
  const headers: Record<string, string> = { 'User-Agent': options.userAgent };
  const cookies = [...options.jar.pairs()];
  for (const [name, value] of options.headers) {
    if (name.toLowerCase() === 'cookie') cookies.unshift(value);
    // Node looks for its own spelling, and would send another Host beside this one.
    else headers[name.toLowerCase() === 'host' ? 'Host' : name] = value;
  }
  // In front: the server looks at the first few only.
  headers.Cookie = [flightCookie(options.flight), ...cookies].join('; ');
  return headers;
}

function shakeHands(
  options: WsConnectOptions,
  socket: Socket,
  signal: AbortSignal,
): Promise<WsConnectResult> {
  const { url, route, clock, jar } = options;
  return new Promise((resolve, reject) => {
    const handshake = new Handshake(url, {
      headers: headersOf(options),
      perMessageDeflate: false,
      followRedirects: false,
      // `ws` would connect by itself; the way there may lead through a proxy.
      createConnection: () => {
        // A proxy's answer was read from it, and it was paused: what comes now is asked for by the request.
        socket.resume();
        return socket;
      },
    });
    const onAbort = (): void => {
      reject(signal.reason);
      handshake.terminate();
      socket.destroy();
    };
    const settle = (result: WsConnectResult): void => {
      signal.removeEventListener('abort', onAbort);
      resolve(result);
    };
    signal.addEventListener('abort', onAbort);

    let replies: Buffer[] = [];
    const learn = (response: IncomingMessage): void => {
      const lines = response.headers['set-cookie'] ?? [];
      jar.learn(lines);
      replies = readFlightCookies(lines.map((line) => line.split(';')[0]).join('; '));
    };
    handshake.on('upgrade', learn);
    handshake.taken = (taken, head) => {
      const through = route.kind === 'direct' ? url.host : `${url.host} through ${route.host}:${route.port}`;
      const label = `WebSocket to ${through}`;
      const carrier = new WsCarrier({ socket: taken, head, client: true, label, clock });
      settle({ kind: 'open', carrier, replies });
    };
    handshake.on('unexpected-response', (request, response: IncomingMessage) => {
      const { statusCode, statusMessage, headers } = response;
      const date = Date.parse(headers.date ?? '');
      settle({
        kind: 'answer',
        status: statusCode ?? 0,
        statusText: statusMessage ?? '',
        date: Number.isNaN(date) ? undefined : date,
        location: headers.location,
        contentType: headers['content-type'],
      });
      response.destroy();
      request.destroy();
    });
    handshake.on('error', reject);
    if (signal.aborted) onAbort();
  });
}
