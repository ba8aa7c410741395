import type { Socket } from 'node:net';

/**
 * Cuts a TCP connection with RST. After `end()` libuv refuses that, and Node (20 to 24) then forgets the handle without
 * closing it: the connection stays, and what its peer sends is read and thrown away at full speed, for ever. Such a
 * socket is destroyed in the ordinary way: the peer has FIN already, and gets RST for what it sends from then on.
 */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
