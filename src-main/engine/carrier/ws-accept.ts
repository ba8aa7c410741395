import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import WebSocket, { WebSocketServer } from 'ws';
import type { Clock } from '../base/clock.ts';
import { peerText } from '../wire/inet.ts';
import { flightCookie, readFlightCookies } from './flight-cookie.ts';
import { WsCarrier } from './ws.ts';

const KEY = /^[+/0-9A-Za-z]{22}==$/;

type Taken = (socket: Socket, head: Buffer) => void;

/** Hands the socket over where `ws` would start its own framing. */
class Accepted extends WebSocket {
  static readonly takers = new WeakMap<Socket, Taken>();

  setSocket(socket: Socket, head: Buffer): void {
    Accepted.takers.get(socket)?.(socket, head);
  }
}

const server = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  WebSocket: Accepted,
});
/** Answer of the handshake at hand: `ws` builds the response synchronously inside `handleUpgrade`. */
let pendingReply: Buffer | undefined;
server.on('headers', (headers) => {
  if (pendingReply !== undefined) headers.push(`Set-Cookie: ${flightCookie(pendingReply)}; Path=/; HttpOnly`);
});

/** First flights an upgrade request may carry; none unless `ws` would complete its handshake. */
export function upgradeFlights(request: IncomingMessage): Buffer[] {
  const { headers } = request;
  const fit =
    request.method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['sec-websocket-version'] === '13' &&
    KEY.test(headers['sec-websocket-key'] ?? '');
  return fit ? readFlightCookies(headers.cookie) : [];
}

/** Answers 101, with the handshake's reply where there is one, and makes the socket a carrier. */
export function acceptWs(
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  options: { reply?: Buffer; clock: Clock },
): WsCarrier | undefined {
  let carrier: WsCarrier | undefined;
  Accepted.takers.set(socket, (taken, rest) => {
    const label = `WebSocket from ${peerText(taken)}`;
    carrier = new WsCarrier({ socket: taken, head: rest, client: false, label, clock: options.clock });
  });
  pendingReply = options.reply;
  try {
    server.handleUpgrade(request, socket, head, () => {});
  } finally {
    pendingReply = undefined;
    Accepted.takers.delete(socket);
  }
  return carrier;
}
