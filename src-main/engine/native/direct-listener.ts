import type { Server } from 'node:net';
import type { DirectRuntime } from './direct-socket.ts';
import { DirectSocket } from './direct-socket.ts';
import type { Watcher } from './poller.ts';
import {
  AF_INET,
  AF_INET6,
  EMFILE,
  ENFILE,
  EPOLLIN,
  F_DUPFD_CLOEXEC,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  setNoDelay,
} from './system-calls.ts';

/** Connections taken before others have their turn. */
const ACCEPTS_PER_TURN = 16;
/** Without descriptors for more connections they wait in the kernel so long, ms. */
const FULL_MS = 100;
/** struct sockaddr_in6, the larger one. */
const ADDRESS_BYTES = 28;
const IPV4_AT = 4;
const IPV6_AT = 8;
const MAPPED = Buffer.from('00000000000000000000ffff', 'hex');
const LOOPBACK6 = Buffer.from('00000000000000000000000000000001', 'hex');

const address = Buffer.alloc(ADDRESS_BYTES);
const addressLength = Buffer.alloc(4);

/** Whether struct sockaddr names this machine's loopback. */
function isLoopback(from: Buffer): boolean {
  const family = from.readUInt16LE(0);
  if (family === AF_INET) return from[IPV4_AT] === 127;
  if (family !== AF_INET6) return false;
  const ip = from.subarray(IPV6_AT, IPV6_AT + 16);
  if (ip.subarray(0, MAPPED.length).equals(MAPPED)) return ip[MAPPED.length] === 127;
  return ip.equals(LOOPBACK6);
}

interface WithHandle {
  readonly _handle?: { readonly fd?: number } | null;
}

/** Accepts by system calls. Connections begin to be read when `onSocket` has given them a `take`. */
export class DirectListener implements Watcher {
  private readonly runtime: DirectRuntime;
  private readonly fd: number;
  private readonly onSocket: (socket: DirectSocket) => void;
  private isFull: NodeJS.Timeout | undefined;
  private closed = false;

  private constructor(runtime: DirectRuntime, fd: number, onSocket: (socket: DirectSocket) => void) {
    this.runtime = runtime;
    this.fd = fd;
    this.onSocket = onSocket;
    runtime.poller.ref();
  }

  /** Takes the place of a server that listens, and closes it. Undefined, and nothing was done, where it cannot. */
  static inPlaceOf(
    runtime: DirectRuntime,
    server: Server & WithHandle,
    onSocket: (socket: DirectSocket) => void,
  ): DirectListener | undefined {
    const { calls, poller } = runtime;
    const listening = server._handle?.fd;
    if (typeof listening !== 'number' || listening < 0) return undefined;
    const fd = calls.fcntl(listening, F_DUPFD_CLOEXEC, 0);
    if (fd < 0) return undefined;
    // Linux hands it on to each connection.
    setNoDelay(calls, fd);
    const listener = new DirectListener(runtime, fd, onSocket);
    if (!poller.add(fd, EPOLLIN, listener)) {
      listener.close();
      return undefined;
    }
    // Its handle goes, the socket it shares stays, with what waits in its queue.
    server.close();
    return listener;
  }

  onEvents(): void {
    const { calls } = this.runtime;
    for (let i = 0; i < ACCEPTS_PER_TURN && !this.closed; i++) {
      addressLength.writeInt32LE(ADDRESS_BYTES, 0);
      const fd = calls.accept4(this.fd, address, addressLength, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        const errno = calls.errno();
        if (errno === EMFILE || errno === ENFILE) this.wait();
        return;
      }
      this.onSocket(new DirectSocket(this.runtime, fd, isLoopback(address), () => true));
    }
  }

  private wait(): void {
    const { poller } = this.runtime;
    poller.change(this.fd, 0);
    this.isFull ??= setTimeout(() => {
      this.isFull = undefined;
      if (!this.closed) poller.change(this.fd, EPOLLIN);
    }, FULL_MS);
  }

  /** Takes no more connections. Idempotent. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.isFull);
    this.runtime.poller.forget(this.fd);
    this.runtime.poller.unref();
    this.runtime.calls.close(this.fd);
  }
}
