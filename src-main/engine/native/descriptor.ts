import { Socket } from 'node:net';

interface WithHandle {
  readonly _handle?: { readonly fd?: unknown } | null;
}

/**
 * The file descriptor of a plain TCP socket; -1 where there is none to be had (TLS, Windows, a closed socket). To be asked
 * for each time: once the socket is closed, the number is somebody else's.
 */
export function descriptorOf(socket: Socket): number {
  if (socket.constructor !== Socket) return -1;
  const fd = (socket as WithHandle)._handle?.fd;
  return typeof fd === 'number' ? fd : -1;
}
