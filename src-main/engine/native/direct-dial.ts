import { isIPv4 } from 'node:net';
import type { TakeBytes } from '../base/socket-reader.ts';
import { directRuntime } from './direct-runtime.ts';
import { type DirectRuntime, DirectSocket } from './direct-socket.ts';
import type { Watcher } from './poller.ts';
import {
  AF_INET,
  EALREADY,
  EINPROGRESS,
  EPOLLOUT,
  pendingError,
  resetOnClose,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  setNoDelay,
  systemError,
} from './system-calls.ts';

/** struct sockaddr_in. */
const ADDRESS_BYTES = 16;

export interface DialEvents {
  /** Bytes that arrive, borrowed for the call. False = stop reading. */
  take: TakeBytes;
  connected(socket: DirectSocket): void;
  failed(error: Error): void;
}

export interface Dial {
  /** Gives up, and calls nothing; a target that has accepted meanwhile gets RST. Of no use once it has connected or failed. */
  destroy(): void;
}

/**
 * Connects to an IPv4 address by system calls; undefined where that cannot be had, or for another kind of host. One of
 * `connected` and `failed` is called, once; on loopback mostly within this call, as the kernel connects within connect(2).
 */
export function dialDirectly(host: string, port: number, events: DialEvents): Dial | undefined {
  const runtime = directRuntime();
  if (runtime === undefined || !isIPv4(host)) return undefined;
  return new DirectDial(runtime, host, port, events);
}

/** Dotted decimal, checked before, to the four bytes at `at`. */
function writeIPv4(out: Buffer, at: number, host: string): void {
  let byte = 0;
  for (let i = 0; i < host.length; i++) {
    const digit = host.charCodeAt(i) - 48;
    if (digit >= 0) byte = byte * 10 + digit;
    else {
      out[at++] = byte;
      byte = 0;
    }
  }
  out[at] = byte;
}

/**
 * So many are begun within a millisecond, the rest in those that follow: hundreds of streams may be opened in one read, and
 * more connections at once than a target keeps for its accept(2) (often 128 or 511) are dropped or reset by its system.
 */
const DIALS_PER_MS = 64;

/** Dials that wait for their millisecond; each belongs to a stream, of which a session has a cap. */
class DialPace {
  private readonly waiting: DirectDial[] = [];
  private since = 0;
  private begun = 0;

  begin(dial: DirectDial): void {
    if (this.waiting.length === 0 && this.hasRoom()) return dial.start();
    this.waiting.push(dial);
    if (this.waiting.length === 1) setTimeout(this.goOn, 1);
  }

  private hasRoom(): boolean {
    const now = performance.now();
    if (now - this.since >= 1) {
      this.since = now;
      this.begun = 0;
    }
    return this.begun++ < DIALS_PER_MS;
  }

  private readonly goOn = (): void => {
    let count = 0;
    while (count < this.waiting.length && this.hasRoom()) count++;
    // Off the list first: what they lead to may begin others, or throw.
    const now = this.waiting.splice(0, count);
    if (this.waiting.length > 0) setTimeout(this.goOn, 1);
    for (const dial of now) dial.start();
  };
}

const pace = new DialPace();

class DirectDial implements Dial, Watcher {
  private readonly runtime: DirectRuntime;
  private readonly events: DialEvents;
  private readonly isLocal: boolean;
  private readonly address = Buffer.alloc(ADDRESS_BYTES);
  private fd = -1;
  private isWatched = false;
  private isOver = false;

  constructor(runtime: DirectRuntime, host: string, port: number, events: DialEvents) {
    this.runtime = runtime;
    this.events = events;
    const { address } = this;
    address.writeUInt16LE(AF_INET, 0);
    address.writeUInt16BE(port, 2);
    writeIPv4(address, 4, host);
    this.isLocal = address[4] === 127;
    pace.begin(this);
  }

  /** Its turn has come. */
  start(): void {
    if (this.isOver) return;
    const { calls, poller } = this.runtime;
    this.fd = calls.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (this.fd < 0) return this.fail('socket', calls.errno());
    setNoDelay(calls, this.fd);
    const attempt = (): number =>
      calls.connect(this.fd, this.address, ADDRESS_BYTES) === 0 ? 0 : calls.errno();
    let errno = attempt();
    // Within this machine it is done by now, or has failed, though it says that it is under way: asked again, it tells.
    if (errno === EINPROGRESS && this.isLocal) errno = attempt();
    if (errno === 0) return this.succeed();
    if (errno !== EINPROGRESS && errno !== EALREADY) return this.fail('connect', errno);
    if (!poller.add(this.fd, EPOLLOUT, this)) return this.fail('epoll_ctl', calls.errno());
    this.isWatched = true;
    poller.ref();
  }

  onEvents(): void {
    const errno = pendingError(this.runtime.calls, this.fd);
    if (errno === 0) this.succeed();
    else this.fail('connect', errno);
  }

  private succeed(): void {
    const { fd } = this;
    this.unwatch();
    this.fd = -1;
    this.events.connected(new DirectSocket(this.runtime, fd, this.isLocal, this.events.take));
  }

  private fail(call: string, errno: number): void {
    const error = systemError(call, errno);
    this.destroy();
    this.events.failed(error);
  }

  destroy(): void {
    const { fd } = this;
    this.isOver = true;
    if (fd < 0) return;
    const { calls } = this.runtime;
    this.unwatch();
    this.fd = -1;
    resetOnClose(calls, fd);
    calls.close(fd);
  }

  private unwatch(): void {
    if (!this.isWatched) return;
    this.isWatched = false;
    this.runtime.poller.remove(this.fd);
    this.runtime.poller.unref();
  }
}
