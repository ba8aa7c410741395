import type { Socket } from 'node:net';

/**
 * Cuts a TCP connection with RST. While FIN is on its way libuv refuses that (EINVAL), and Node 20 then forgets the
 * handle without closing it: the connection stays, and what its peer sends is read and thrown away at full speed, for
 * ever. Such a socket is destroyed in the ordinary way: its peer gets RST for what it sends from then on.
 */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
