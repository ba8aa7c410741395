import { Socket } from 'node:net';
import { READ_BUFFER_BYTES, SHORT_READ_BYTES, type TakeBytes } from '../base/socket-reader.ts';
import { turnTime } from '../base/turn-end.ts';
import { turns } from '../base/turns.ts';
import { isLoopback } from './descriptor.ts';
import type { Poller, Watcher } from './poller.ts';
import { SendBacklog } from './send-backlog.ts';
import {
  EAGAIN,
  EINTR,
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  pendingError,
  resetOnClose,
  SHUT_WR,
  type SystemCalls,
  systemError,
} from './system-calls.ts';

/** What serves the sockets of this thread. */
export interface DirectRuntime {
  readonly calls: SystemCalls;
  readonly poller: Poller;
}

/** Reads of bulk that one socket has in a turn. */
const READS_PER_TURN = 4;
/**
 * Told of once, when it comes (edge-triggered): a socket that is paused, or full, costs no calls. EPOLLOUT joins when one
 * has to wait for room for the first time.
 */
const EDGES = EPOLLIN | EPOLLRDHUP | EPOLLET;
/** Room for a whole record with all headers around it. */
export const MOST_READ_BYTES = READ_BUFFER_BYTES + 4096 + 256;
/** What is read is sealed or copied before the next read, so that one buffer serves all. */
const shared = Buffer.allocUnsafeSlow(MOST_READ_BYTES);
/** The last read's, for the next of the same length: messages are often alike, and a view costs more than a small copy. */
let view = shared;
/** 0: not looked up yet. */
let sharedAddress = 0;

interface WithHandle {
  _handle?: { fd?: number; reading?: boolean; readStop?(): number; close?(): void } | null;
}

/** What a socket tells. */
export interface SocketEvents {
  /** The peer sends no more. */
  end(): void;
  /** Nothing waits to be written any more. */
  drain(): void;
  /** It broke; `close` follows. */
  error(error: Error): void;
  /** It is gone. */
  close(hadError: boolean): void;
}

function tellClosed(socket: DirectSocket): void {
  socket.tellClosed();
}

/** How a descriptor is given back. */
type Release = (fd: number) => void;

/**
 * A connected TCP socket that is read and written by system calls (half-close stays half-close, as with `allowHalfOpen`).
 * A net.Socket is a stream either way and a handle, and its every read a callback through Node: for a connection with one
 * small message these are more than the system calls, and so are they for an echo.
 */
export class DirectSocket implements Watcher {
  /** The peer is this machine. */
  readonly isLocal: boolean;
  /** Takes what is read, borrowed for the call. */
  take: TakeBytes;
  events: Partial<SocketEvents> = {};
  /** The longest read, at most MOST_READ_BYTES: who knows where what comes can be cut well sets it before the next one. */
  readBytes = READ_BUFFER_BYTES;
  /** For who keeps a list: it is gone. */
  gone: (() => void) | undefined;
  destroyed = false;
  readableEnded = false;
  writableFinished = false;
  private readonly runtime: DirectRuntime;
  private readonly release: Release;
  private fd: number;
  /** The kernel said that there is something to read, and no read has found the end of it since. */
  private readable = false;
  /** ... and that it is the last: a read that finds no more has to be followed by the one that finds the end. */
  private hungUp = false;
  /** For its next turn to read. */
  private waits = false;
  private awaitsRoom = false;
  private paused = false;
  private ending = false;
  private readonly backlog = new SendBacklog();
  private hadError = false;
  private idle: NodeJS.Timeout | undefined;
  private movedAt = 0;

  /** `fd` is connected and does not block. */
  constructor(runtime: DirectRuntime, fd: number, isLocal: boolean, take: TakeBytes, release?: Release) {
    this.runtime = runtime;
    this.fd = fd;
    this.isLocal = isLocal;
    this.take = take;
    this.release = release ?? runtime.calls.close;
    sharedAddress ||= runtime.calls.addressOf(shared);
    runtime.poller.ref();
    if (!runtime.poller.add(fd, EDGES, this)) this.fail('epoll_ctl', runtime.calls.errno());
  }

  /**
   * Takes a connected socket of Node's over; undefined, and nothing was done, where that is not possible (TLS, unread or
   * unsent bytes). The old object is of no use any more, but that each is destroyed with the other.
   */
  static adopt(runtime: DirectRuntime, socket: Socket, take: TakeBytes): DirectSocket | undefined {
    const old = socket as Socket & WithHandle;
    const handle = old._handle;
    const fd = handle?.fd;
    const isFree = socket.constructor === Socket && !socket.connecting && !socket.destroyed;
    const isUnused = socket.writableLength === 0 && socket.readableLength === 0;
    if (!isFree || !isUnused || socket.writableEnded || socket.readableEnded) return undefined;
    if (handle === undefined || handle === null || typeof fd !== 'number' || fd < 0) return undefined;
    if (typeof handle.close !== 'function' || typeof handle.readStop !== 'function') return undefined;
    handle.readStop();
    handle.reading = false;
    const isLocal = isLoopback(socket.remoteAddress);
    socket.setTimeout(0);
    old._handle = null;
    const direct = new DirectSocket(runtime, fd, isLocal, take, () => {
      handle.close?.();
      socket.destroy();
    });
    socket.once('close', () => direct.destroy());
    return direct;
  }

  /** Bytes that wait in this process. */
  get writableLength(): number {
    return this.backlog.bytes;
  }

  /** -1 once it is destroyed. */
  get descriptor(): number {
    return this.fd;
  }

  // ---- reading --------------------------------------------------------------------------------------------

  isPaused(): boolean {
    return this.paused;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    if (this.readable) this.again();
  }

  private again(): void {
    if (this.waits) return;
    this.waits = true;
    this.runtime.poller.again(this);
  }

  onEvents(events: number): void {
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) !== 0) this.readable = true;
    if ((events & (EPOLLRDHUP | EPOLLHUP)) !== 0) this.hungUp = true;
    if (!this.backlog.isEmpty && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) !== 0) this.flush();
    if (this.destroyed) return;
    // One that waits for its turn has one in this round.
    if (!this.readableEnded) return this.waits ? undefined : this.read();
    if ((events & EPOLLERR) === 0) return;
    this.fail('recv', pendingError(this.runtime.calls, this.fd));
  }

  onAgain(): void {
    this.waits = false;
    if (!this.destroyed && !this.readableEnded) this.read();
  }

  private read(): void {
    for (let reads = 0; this.readable && !this.paused && !this.destroyed; reads++) {
      const { areShort } = turns;
      // Others have their turn; it goes on in the next round.
      if (reads === (areShort ? 1 : READS_PER_TURN)) return this.again();
      if (!this.readOnce(areShort ? SHORT_READ_BYTES : this.readBytes)) return;
    }
  }

  /** False: nothing more can be read. */
  private readOnce(most: number): boolean {
    const { calls } = this.runtime;
    // C would write behind the buffer.
    if (most > shared.length) throw new RangeError(`a read of ${most} bytes`);
    const bytes = calls.recv(this.fd, sharedAddress, most, 0);
    if (bytes > 0) {
      // Less than was asked for is all there was (epoll(7), question 9); the next edge tells of more.
      this.readable = bytes === most || this.hungUp;
      if (this.idle !== undefined) this.movedAt = turnTime();
      if (view.length !== bytes) view = shared.subarray(0, bytes);
      if (!this.take(view)) this.paused = true;
      return true;
    }
    if (bytes === 0) {
      this.readable = false;
      this.readableEnded = true;
      this.events.end?.();
      this.closeIfDone();
      return false;
    }
    const errno = calls.errno();
    if (errno === EAGAIN) this.readable = false;
    else if (errno !== EINTR) this.fail('recv', errno);
    return errno === EINTR;
  }

  // ---- writing --------------------------------------------------------------------------------------------

  /** False: some of it waits, until 'drain'. */
  write(chunk: Buffer): boolean {
    return this.writeParts([chunk]);
  }

  /** As `write`, of several in a row. What the kernel does not take at once is kept, not copied. */
  writeParts(parts: readonly Buffer[]): boolean {
    if (this.destroyed || this.ending) return false;
    if (this.idle !== undefined) this.movedAt = turnTime();
    this.backlog.send(this.fd, parts);
    if (this.backlog.isEmpty) return true;
    if (!this.awaitsRoom) {
      this.awaitsRoom = true;
      this.runtime.poller.change(this.fd, EDGES | EPOLLOUT);
    }
    return false;
  }

  private flush(): void {
    const { backlog } = this;
    if (backlog.flush(this.fd) < 0) {
      const errno = this.runtime.calls.errno();
      if (errno !== EAGAIN && errno !== EINTR) this.fail('send', errno);
      return;
    }
    if (this.idle !== undefined) this.movedAt = turnTime();
    if (!backlog.isEmpty) return;
    if (this.ending) this.finish();
    else this.events.drain?.();
  }

  /** Sends FIN behind what waits. */
  end(last?: Buffer): void {
    if (this.destroyed || this.ending) return;
    if (last !== undefined) this.writeParts([last]);
    this.ending = true;
    if (this.backlog.isEmpty) this.finish();
  }

  private finish(): void {
    this.runtime.calls.shutdown(this.fd, SHUT_WR);
    this.writableFinished = true;
    this.closeIfDone();
  }

  // ---- the end --------------------------------------------------------------------------------------------

  /** Calls `onIdle`, once, when nothing moved for `ms`; 0: never. */
  setTimeout(ms: number, onIdle: () => void = () => {}): void {
    clearTimeout(this.idle);
    this.idle = undefined;
    if (ms === 0 || this.destroyed) return;
    this.movedAt = turnTime();
    const look = (): void => {
      const left = this.movedAt + ms - turnTime();
      if (left <= 0) return onIdle();
      this.idle = setTimeout(look, left).unref();
    };
    this.idle = setTimeout(look, ms).unref();
  }

  private closeIfDone(): void {
    if (this.readableEnded && this.writableFinished) this.destroy();
  }

  private fail(call: string, errno: number): void {
    if (this.destroyed) return;
    this.hadError = true;
    const error = systemError(call, errno);
    this.destroy();
    this.events.error?.(error);
  }

  /** Cuts the connection with RST. */
  resetAndDestroy(): void {
    if (!this.destroyed) resetOnClose(this.runtime.calls, this.fd);
    this.destroy();
  }

  /** Idempotent; 'close' follows in a tick. */
  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    clearTimeout(this.idle);
    this.backlog.clear();
    const { fd } = this;
    this.fd = -1;
    this.runtime.poller.forget(fd);
    this.runtime.poller.unref();
    this.release(fd);
    this.gone?.();
    process.nextTick(tellClosed, this);
  }

  /** Once it is destroyed. */
  tellClosed(): void {
    this.events.close?.(this.hadError);
  }
}
