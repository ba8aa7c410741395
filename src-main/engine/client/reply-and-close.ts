import type { Socket } from 'node:net';
import { type Clock, systemClock } from '../base/clock.ts';

/** How long a peer may take to read the last reply and close its side, in ms. */
export const LINGER_MS = 2000;

/**
 * Sends `reply` and FIN, then discards what the peer still sends until it closes too, for LINGER_MS at most.
 * Closing with unread bytes would make the kernel send RST, which can overtake the reply (RFC 9112 §9.6).
 */
export function replyAndClose(socket: Socket, reply?: Buffer, clock: Clock = systemClock): void {
  if (socket.destroyed) return;
  const timer = clock.after(LINGER_MS, () => socket.destroy());
  socket.once('close', () => timer.cancel());
  if (reply === undefined) socket.end();
  else socket.end(reply);
  socket.resume();
}
