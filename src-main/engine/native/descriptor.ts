import { Socket } from 'node:net';
import type { Writable } from 'node:stream';

interface WithHandle {
  readonly _handle?: { readonly fd?: unknown } | null;
}

/** Neither TLS nor anything else that is more than the connection. */
export function isPlain(socket: Writable): socket is Socket {
  return socket.constructor === Socket;
}

/**
 * The file descriptor of a plain TCP socket; -1 where there is none to be had (TLS, Windows, a closed socket). To be asked
 * for each time: once the socket is closed, the number is somebody else's.
 */
export function descriptorOf(socket: Writable): number {
  if (!isPlain(socket)) return -1;
  const fd = (socket as WithHandle)._handle?.fd;
  return typeof fd === 'number' ? fd : -1;
}

const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;

/** Of a socket's address, which is undefined once it is closed. */
export function isLoopback(address: string | undefined): boolean {
  return LOOPBACK.test(address ?? '');
}
