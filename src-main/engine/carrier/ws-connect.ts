import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { rootCertificates } from 'node:tls';
import WebSocket from 'ws';
import type { Clock } from '../base/clock.ts';
import { CulvertError } from '../base/errors.ts';
import { connectError } from './connect-error.ts';
import { flightCookie, readFlightCookies } from './flight-cookie.ts';
import { WsCarrier } from './ws.ts';

export interface WsConnectOptions {
  /** `ws:` or `wss:`. */
  url: URL;
  /** Extra request headers, in order. */
  headers: ReadonlyArray<readonly [name: string, value: string]>;
  /** PEM certificates trusted beside the system's. */
  ca?: readonly string[];
  userAgent: string;
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
export function connectWs(options: WsConnectOptions): Promise<WsConnectResult> {
  const { url, clock } = options;
  return new Promise((resolve) => {
    let settled = false;
    const settle = (result: WsConnectResult): void => {
      if (settled) {
        if (result.kind === 'open')
          result.carrier.destroy(new CulvertError('ERR_CLOSED', 'no longer wanted'));
        return;
      }
      settled = true;
      clearTimeout(timer);
      options.signal.removeEventListener('abort', onAbort);
      resolve(result);
    };
    const headers: Record<string, string> = { 'User-Agent': options.userAgent };
    let cookie = flightCookie(options.flight);
    for (const [name, value] of options.headers) {
      if (name.toLowerCase() === 'cookie') cookie = `${value}; ${cookie}`;
      else headers[name] = value;
    }
    headers.Cookie = cookie;

    const handshake = new Handshake(url, {
      headers,
      perMessageDeflate: false,
      followRedirects: false,
      // Node takes `ca` instead of its own list, not beside it.
      ca: options.ca === undefined ? undefined : [...rootCertificates, ...options.ca],
    });
    const abort = (error: CulvertError): void => {
      settle({ kind: 'error', error });
      handshake.terminate();
    };
    const onAbort = (): void => abort(new CulvertError('ERR_CLOSED', 'the connection was given up'));
    const timer = setTimeout(
      () =>
        abort(
          new CulvertError(
            'ERR_SERVER_TIMEOUT',
            `${url.host} did not answer within ${options.timeoutMs / 1000} s`,
            {
              remedy: 'check the address and that the network lets it through',
            },
          ),
        ),
      options.timeoutMs,
    );
    options.signal.addEventListener('abort', onAbort);

    let replies: Buffer[] = [];
    handshake.on('upgrade', (response: IncomingMessage) => {
      replies = readFlightCookies(
        (response.headers['set-cookie'] ?? []).map((line) => line.split(';')[0]).join('; '),
      );
    });
    handshake.taken = (socket, head) => {
      const carrier = new WsCarrier({ socket, head, client: true, label: `WebSocket to ${url.host}`, clock });
      settle({ kind: 'open', carrier, replies });
    };
    handshake.on('unexpected-response', (request, response: IncomingMessage) => {
      const date = Date.parse(response.headers.date ?? '');
      settle({
        kind: 'answer',
        status: response.statusCode ?? 0,
        statusText: response.statusMessage ?? '',
        date: Number.isNaN(date) ? undefined : date,
        location: response.headers.location,
      });
      response.destroy();
      request.destroy();
    });
    handshake.on('error', (cause) => settle({ kind: 'error', error: connectError(url.host, cause) }));
    if (options.signal.aborted) onAbort();
  });
}
