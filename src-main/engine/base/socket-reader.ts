import { Socket } from 'node:net';

/**
 * Reading without a buffer per read.
 *
 * Node gives every read a fresh 64 KiB buffer. At hundreds of megabytes a second these cost more than the
 * encryption: zeroed or faulted pages, cold caches, and a collector driven by external memory (measured: a third
 * of the server's CPU). What is read here is sealed, opened or copied before the next read, so one buffer serves
 * every socket of the thread. Node offers that for sockets one dials (`onread`); an accepted socket's handle is
 * put into a new Socket to the same end, and where that cannot be done the socket is read the usual way.
 */
export const READ_BUFFER_BYTES = 256 << 10;

let shared: Buffer | undefined;

/** Takes bytes that are only valid during the call. False = stop reading until `socket.resume()`. */
export type TakeBytes = (chunk: Buffer) => boolean;

export interface OnRead {
  buffer: Buffer;
  callback: (bytes: number) => boolean;
}

/** For `net.connect({ onread })`. */
export function sharedRead(take: TakeBytes): OnRead {
  shared ??= Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  const buffer = shared;
  return { buffer, callback: (bytes) => take(buffer.subarray(0, bytes)) };
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
  const old = socket as Socket & WithHandle;
  const handle = old._handle;
  const movable =
    socket.constructor === Socket &&
    typeof handle?.useUserBuffer === 'function' &&
    !socket.connecting &&
    !socket.destroyed &&
    socket.writableLength === 0 &&
    socket.readableLength === 0 &&
    !socket.readableEnded;
  if (!movable) {
    socket.on('data', (chunk: Buffer) => {
      if (!take(chunk)) socket.pause();
    });
    return socket;
  }
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
