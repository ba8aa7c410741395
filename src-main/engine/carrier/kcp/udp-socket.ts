import { createSocket, type Socket, type SocketType } from 'node:dgram';
import { isIP, isIPv6 } from 'node:net';
import { LOOPBACK_SIZES, PATH_SIZES, SOCKET_BUFFER } from './limits.ts';

/** Addresses are numbers already: Node's own resolver would put each datagram off to a later turn. */
const NUMERIC = (
  host: string,
  _options: unknown,
  done: (error: null, host: string, family: number) => void,
) => done(null, host, isIP(host));

export function makeUdpSocket(type: SocketType): Socket {
  return createSocket({ type, lookup: NUMERIC });
}

/** Asks for room for bursts. A system that gives less is no error: what does not fit is lost, and repeated. */
export function widenBuffers(socket: Socket): void {
  for (const set of ['setRecvBufferSize', 'setSendBufferSize'] as const) {
    try {
      socket[set](SOCKET_BUFFER);
    } catch {
      // Some systems refuse what is beyond their limit instead of giving less.
    }
  }
}

export function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address);
}

export function sizesFor(address: string): readonly number[] {
  return isLoopback(address) ? LOOPBACK_SIZES : PATH_SIZES;
}

/**
 * Most bytes under way. Within a machine the receiver's buffer is all the queue there is, and the sender's own tells
 * how large the system makes these; elsewhere the model of the path decides.
 */
export function windowFor(address: string, socket: Socket): number {
  return isLoopback(address) ? Math.max(64 << 10, socket.getRecvBufferSize() >> 1) : Number.MAX_SAFE_INTEGER;
}

export function familyOf(address: string): SocketType {
  return isIPv6(address) ? 'udp6' : 'udp4';
}
