import { Socket } from 'node:net';
import { resetSocket } from '../base/reset-socket.ts';
import type { TakeBytes } from '../base/socket-reader.ts';
import { directRuntime } from './direct-runtime.ts';
import { DirectSocket, type SocketEvents } from './direct-socket.ts';
import { endNow, writeAll } from './direct-write.ts';

/** A connected TCP socket: read and written by system calls where that can be had, otherwise Node's. */
export type AnySocket = Socket | DirectSocket;

/** Tells `events` what happens; of a direct socket in place of who was told before. */
export function watchSocket(socket: AnySocket, events: SocketEvents): void {
  if (socket instanceof DirectSocket) {
    socket.events = events;
    return;
  }
  socket.on('end', () => events.end());
  socket.on('drain', () => events.drain());
  socket.on('error', (error) => events.error(error));
  socket.on('close', (hadError) => events.close(hadError));
}

/** Writes `parts` in a row: at once what the kernel takes at once. They are kept until they are written. */
export function writeParts(socket: AnySocket, parts: readonly Buffer[]): void {
  if (socket instanceof DirectSocket) socket.writeParts(parts);
  else writeAll(socket, parts);
}

/**
 * Sends FIN where nothing waits to be written before it: 'sent', and the socket need not know (who calls it writes no more,
 * and destroys it when the other side has ended, too); or leaves it to `end()`.
 */
export function endSocket(socket: AnySocket): 'sent' | 'ending' {
  if (socket instanceof Socket && endNow(socket)) return 'sent';
  socket.end();
  return 'ending';
}

/** Cuts the connection with RST. */
export function cutSocket(socket: AnySocket): void {
  if (socket instanceof DirectSocket) socket.resetAndDestroy();
  else resetSocket(socket);
}

/** Reads a connected socket of Node's by system calls; undefined where that cannot be had, and nothing was done. */
export function takeOver(socket: Socket, take: TakeBytes): DirectSocket | undefined {
  const runtime = directRuntime();
  return runtime === undefined ? undefined : DirectSocket.adopt(runtime, socket, take);
}
