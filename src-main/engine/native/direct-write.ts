import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { descriptorOf, isPlain } from './descriptor.ts';
import { foreignFunctions } from './foreign.ts';
import { SHUT_WR } from './system-calls.ts';

/**
 * send(2) without the way through Node's streams, where the kernel has room at once and Node has nothing waiting. That
 * way (a queue, a request object, callbacks a turn later) costs more than the system call: for a keystroke it is the
 * greater part of what this process does.
 */

/** Linux, <bits/socket.h>. Node ignores SIGPIPE; its sockets do not block. */
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** The rest of a segment follows. */
const MSG_MORE = 0x8000;
const FLAGS = MSG_DONTWAIT | MSG_NOSIGNAL;

/** Bytes that are copied together. */
const JOINED = 2 << 10;
const joined = Buffer.allocUnsafeSlow(JOINED);

type Send = (fd: number, bytes: Buffer, length: number, flags: number) => number;
type Shutdown = (fd: number, how: number) => number;
let send: Send | undefined;
let shutdown: Shutdown | undefined;
let looked: Promise<boolean> | undefined;

/** From then on `writeNow` writes; before, and where it says false, it leaves everything to the stream. */
export function enableDirectWrites(): Promise<boolean> {
  looked ??= findFunctions();
  return looked;
}

async function findFunctions(): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const found = await foreignFunctions({
    send: { result: 'intptr_t', parameters: ['int', 'void *', 'size_t', 'int'] },
    shutdown: { result: 'int', parameters: ['int', 'int'] },
  });
  send = found?.send as Send | undefined;
  shutdown = found?.shutdown as Shutdown | undefined;
  return found !== undefined;
}

/** Where to write to: a connected socket that has nothing waiting. -1: its stream writes. */
function destination(to: Writable): number {
  if (to.writableLength > 0 || !to.writable || !isPlain(to)) return -1;
  // A socket's timeout counts what its stream writes.
  return to.timeout || to.connecting ? -1 : descriptorOf(to);
}

/**
 * Writes `parts` in a row: at once what the kernel takes at once, by the stream the rest, gathered into one writev.
 * `onWritten` is called when all of it has left this process, never within the call.
 */
export function writeAll(to: Writable, parts: readonly Buffer[], onWritten?: () => void): void {
  let taken = writeNow(to, parts);
  let first = 0;
  while (first < parts.length && taken >= parts[first].length) taken -= parts[first++].length;
  if (first === parts.length) {
    if (onWritten !== undefined) process.nextTick(onWritten);
    return;
  }
  const last = parts.length - 1;
  if (first < last) to.cork();
  for (let i = first; i <= last; i++) {
    const part = i === first && taken > 0 ? parts[i].subarray(taken) : parts[i];
    if (i === last && onWritten !== undefined) to.write(part, onWritten);
    else to.write(part);
  }
  if (first < last) to.uncork();
}

/**
 * Gives the kernel as much of `parts` as it takes at once: how many bytes, from the start. The rest is for the stream,
 * errors included: who gets an error here leaves it to the stream to find it, too.
 */
export function writeNow(to: Writable, parts: readonly Buffer[]): number {
  if (send === undefined) return 0;
  const fd = destination(to);
  return fd < 0 ? 0 : Math.max(0, sendParts(fd, parts));
}

/** Of `parts` what the kernel takes at once, bytes; -1: nothing, and errno says why. Needs `enableDirectWrites`. */
export function sendParts(fd: number, parts: readonly Buffer[]): number {
  if (send === undefined) return 0;
  let count = parts.length;
  // What was sent with MSG_MORE waits for more: nothing is not more.
  while (count > 0 && parts[count - 1].length === 0) count--;
  let bytes = 0;
  for (let next = 0; next < count; ) {
    let what = parts[next++];
    let { length } = what;
    // Small ones in a row are copied together: a copy costs less than a system call.
    if (next < count && length + parts[next].length <= JOINED) {
      joined.set(what);
      what = joined;
      while (next < count && length + parts[next].length <= JOINED) {
        joined.set(parts[next], length);
        length += parts[next++].length;
      }
    }
    const sent = send(fd, what, length, next === count ? FLAGS : FLAGS | MSG_MORE);
    if (sent < 0 && bytes === 0) return -1;
    if (sent > 0) bytes += sent;
    if (sent < length) break;
  }
  return bytes;
}

/**
 * Sends FIN where nothing waits to be written before it: shutdown(2) without the way through Node's stream, which does not
 * learn of it. So who calls it writes no more, and destroys the socket when the other side has ended, too. False: nothing
 * was done, `end()` has to.
 */
export function endNow(socket: Socket): boolean {
  if (shutdown === undefined) return false;
  const fd = destination(socket);
  return fd >= 0 && shutdown(fd, SHUT_WR) === 0;
}
