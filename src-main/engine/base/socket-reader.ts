import { Socket } from 'node:net';
import { turns } from './turns.ts';

/**
 * Reading without a buffer per read.
 *
 * Node gives every read a fresh 64 KiB buffer. At hundreds of megabytes a second these cost more than the
 * encryption: zeroed or faulted pages, cold caches, and a collector driven by external memory (measured: a third
 * of the server's CPU). What is read here is sealed, opened or copied before the next read, so one buffer serves
 * every socket of the thread. Node offers that for sockets one dials (`onread`). To an accepted one the same
 * is done in place, or, if it has been read before, its handle is put into a new Socket; where neither can be done the
 * socket is read the usual way.
 */
export const READ_BUFFER_BYTES = 256 << 10;

/**
 * One read while turns are to be short, after which others have theirs: the event loop would go on reading a socket
 * for as long as each read fills its buffer, 32 times (libuv's uv__read).
 */
export const SHORT_READ_BYTES = 32 << 10;

let shared: { readonly whole: Buffer; readonly part: Buffer } | undefined;

/** Takes bytes that are only valid during the call. False = stop reading until `socket.resume()`. */
export type TakeBytes = (chunk: Buffer) => boolean;

export interface OnRead {
  buffer: () => Buffer;
  callback: (this: unknown, bytes: number) => boolean;
}

/** For `net.connect({ onread })`. */
export function sharedRead(take: TakeBytes): OnRead {
  if (shared === undefined) {
    const whole = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
    shared = { whole, part: whole.subarray(0, SHORT_READ_BYTES) };
  }
  const { whole, part } = shared;
  return {
    // Node asks before the first read and after each one.
    buffer: () => (turns.areShort ? part : whole),
    callback(bytes) {
      if (!take(whole.subarray(0, bytes))) return false;
      if (bytes < SHORT_READ_BYTES || !turns.areShort) return true;
      // Node calls it as the socket's method.
      setImmediate(goOn, this as Socket);
      return false;
    },
  };
}

function goOn(socket: Socket): void {
  if (!socket.isPaused()) socket.resume();
}

interface WithHandle {
  _handle?: { useUserBuffer?: unknown; reading?: boolean; readStop?: () => number } | null;
}

/**
 * Reads `socket` through the shared buffer. Returns the socket to use from now on: a new one around the same
 * connection, or the given one where its handle cannot be moved (TLS, unsent or unread bytes, another runtime).
 * The socket must be connected and have no readers; errors and `close` are the returned socket's.
 */
export function readShared(socket: Socket, take: TakeBytes): Socket {
  const moved = moveHandle(socket, take);
  if (moved !== undefined) return moved;
  socket.on('data', (chunk: Buffer) => {
    if (!take(chunk)) socket.pause();
  });
  return socket;
}

/** Where a Socket keeps what its `onread` option gave. */
interface UserBufferKeys {
  readonly buffer: symbol;
  readonly callback: symbol;
  readonly generator: symbol;
}

function findUserBufferKeys(): UserBufferKeys | undefined {
  const all = Object.getOwnPropertySymbols(new Socket());
  const [buffer, callback, generator] = ['kBuffer', 'kBufferCb', 'kBufferGen'].map((name) =>
    all.find((symbol) => symbol.description === name),
  );
  if (buffer === undefined || callback === undefined || generator === undefined) return undefined;
  return { buffer, callback, generator };
}

const keys = findUserBufferKeys();

/**
 * Reads an accepted socket through the shared buffer from its first byte on, by doing to it what the `onread` option does
 * to a new one: Node has it for sockets one dials alone. False, and nothing was done, where that is not possible.
 */
export function readInPlace(socket: Socket, take: TakeBytes): boolean {
  const handle = (socket as Socket & WithHandle)._handle;
  const useUserBuffer = handle?.useUserBuffer;
  if (keys === undefined || socket.constructor !== Socket || typeof useUserBuffer !== 'function')
    return false;
  if (socket.connecting || socket.destroyed || socket.readableLength > 0 || socket.readableEnded)
    return false;
  const { buffer, callback } = sharedRead(take);
  const first = buffer();
  Object.assign(socket, { [keys.buffer]: first, [keys.callback]: callback, [keys.generator]: buffer });
  useUserBuffer.call(handle, first);
  socket.resume();
  return true;
}

/** Bytes after which a connection counts as bulk. */
export const BULK_BYTES = 512 << 10;
/** Reads after which it counts as lasting: each of these, too, costs Node a buffer that it makes and shrinks. */
export const LASTING_READS = 64;

/**
 * Reads `socket` the usual way until it turns out to carry bulk or to last, then moves it as `readShared` does and
 * tells of the new socket. A Socket costs more to make than most connections cost to serve, so not each should need two.
 */
export function readSharedWhenBulk(socket: Socket, take: TakeBytes, onMoved: (moved: Socket) => void): void {
  let bytes = 0;
  let reads = 0;
  let queued = false;
  const onData = (chunk: Buffer): void => {
    bytes += chunk.length;
    reads++;
    if (!take(chunk)) socket.pause();
    if ((bytes < BULK_BYTES && reads < LASTING_READS) || queued) return;
    queued = true;
    // Not inside the read that brought these bytes: Node still works on the old object then.
    setImmediate(() => {
      queued = false;
      if (socket.isPaused()) return;
      const moved = moveHandle(socket, take);
      if (moved === undefined) return;
      socket.removeListener('data', onData);
      onMoved(moved);
    });
  };
  socket.on('data', onData);
}

/**
 * The new socket of `readShared`, or undefined where the handle cannot be moved. Who had listeners on the old one puts
 * them on the new one.
 */
export function moveHandle(socket: Socket, take: TakeBytes): Socket | undefined {
  const old = socket as Socket & WithHandle;
  const handle = old._handle;
  const movable =
    socket.constructor === Socket &&
    typeof handle?.useUserBuffer === 'function' &&
    !socket.connecting &&
    !socket.destroyed &&
    socket.writableLength === 0 &&
    !socket.writableEnded &&
    socket.readableLength === 0 &&
    !socket.readableEnded;
  if (!movable) return undefined;
  if (handle?.reading) {
    handle.reading = false;
    handle.readStop?.();
  }
  socket.setTimeout(0);
  old._handle = null;
  const options = { handle, allowHalfOpen: true, readable: true, writable: true, onread: sharedRead(take) };
  const moved = new Socket(options);
  // The server that accepted it counts the old object.
  moved.once('close', () => socket.destroy());
  moved.resume();
  return moved;
}
