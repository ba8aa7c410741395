import { getSystemErrorName } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { foreignFunctions, foreignRuntime, type PollHandle, type Signature } from './foreign.ts';

/**
 * Linux's system calls for sockets, and libuv's functions that tell when Node's event loop has something to do. The
 * constants are those of x86-64 and arm64: <bits/socket.h>, <netinet/tcp.h>, <sys/epoll.h>, <sys/timerfd.h>.
 */
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const SHUT_WR = 1;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const SO_LINGER = 13;
export const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
export const F_DUPFD_CLOEXEC = 1030;
export const CLOCK_MONOTONIC = 1;
export const TFD_NONBLOCK = SOCK_NONBLOCK;
export const TFD_CLOEXEC = SOCK_CLOEXEC;
export const EPOLL_CLOEXEC = 0o2000000;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;
export const EPOLLIN = 1;
export const EPOLLOUT = 4;
export const EPOLLERR = 8;
export const EPOLLHUP = 16;
export const EPOLLRDHUP = 0x2000;
export const EPOLLET = 1 << 31;
export const EINTR = 4;
export const EAGAIN = 11;
export const EMFILE = 24;
export const ENFILE = 23;
export const EALREADY = 114;
export const EINPROGRESS = 115;

/** uv_loop_t's address. */
export type Loop = number | bigint;

/** As in C, but that -1 stands without errno: `errno()` tells it for the last call. */
export interface SystemCalls {
  socket(family: number, type: number, protocol: number): number;
  connect(fd: number, address: Buffer, length: number): number;
  accept4(fd: number, address: Buffer, length: Buffer, flags: number): number;
  /** `bytes`: an address, which costs less to hand over than a buffer. */
  recv(fd: number, bytes: number, length: number, flags: number): number;
  shutdown(fd: number, how: number): number;
  close(fd: number): number;
  setsockopt(fd: number, level: number, name: number, value: Buffer, length: number): number;
  getsockopt(fd: number, level: number, name: number, value: Buffer, length: Buffer): number;
  fcntl(fd: number, command: number, value: number): number;
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, operation: number, fd: number, event: Buffer | null): number;
  /** `events`: an address. */
  epoll_wait(epoll: number, events: number, most: number, timeoutMs: number): number;
  sched_yield(): number;
  timerfd_create(clock: number, flags: number): number;
  timerfd_settime(fd: number, flags: number, value: Buffer, old: Buffer | null): number;
  uv_default_loop(): Loop;
  uv_backend_fd(loop: Loop): number;
  uv_backend_timeout(loop: Loop): number;
  uv_update_time(loop: Loop): void;
  errno(): number;
  poll(fd: number, onReadable: () => void): PollHandle;
  /** Of memory that does not move: made by `allocUnsafeSlow`. */
  addressOf(memory: Buffer): number;
}

const P = 'void *';
/** Memory, as a number. */
const A = 'uintptr_t';
const SIGNATURES = {
  socket: { result: 'int', parameters: ['int', 'int', 'int'] },
  connect: { result: 'int', parameters: ['int', P, 'uint'] },
  accept4: { result: 'int', parameters: ['int', P, P, 'int'] },
  recv: { result: 'intptr_t', parameters: ['int', A, 'size_t', 'int'] },
  shutdown: { result: 'int', parameters: ['int', 'int'] },
  close: { result: 'int', parameters: ['int'] },
  setsockopt: { result: 'int', parameters: ['int', 'int', 'int', P, 'uint'] },
  getsockopt: { result: 'int', parameters: ['int', 'int', 'int', P, P] },
  // Variadic in C: on these processors an int is passed the same way.
  fcntl: { result: 'int', parameters: ['int', 'int', 'long'] },
  epoll_create1: { result: 'int', parameters: ['int'] },
  epoll_ctl: { result: 'int', parameters: ['int', 'int', 'int', P] },
  epoll_wait: { result: 'int', parameters: ['int', A, 'int', 'int'] },
  sched_yield: { result: 'int', parameters: [] },
  timerfd_create: { result: 'int', parameters: ['int', 'int'] },
  timerfd_settime: { result: 'int', parameters: ['int', 'int', P, P] },
  uv_default_loop: { result: 'uintptr_t', parameters: [] },
  uv_backend_fd: { result: 'int', parameters: ['uintptr_t'] },
  uv_backend_timeout: { result: 'int', parameters: ['uintptr_t'] },
  uv_update_time: { result: 'void', parameters: ['uintptr_t'] },
} satisfies Record<string, Signature>;

/** Undefined where they cannot be had, or Node's loop is not libuv's default one (a worker's). Never rejects. */
export async function findSystemCalls(): Promise<SystemCalls | undefined> {
  const { platform, arch } = process;
  if (platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64') || !isMainThread) return undefined;
  const [functions, runtime] = await Promise.all([foreignFunctions(SIGNATURES), foreignRuntime()]);
  if (functions === undefined || runtime === undefined) return undefined;
  // What a foreign function takes and gives is known to its signature alone.
  return { ...functions, ...runtime } as unknown as SystemCalls;
}

const ON = Buffer.from([1, 0, 0, 0]);
/** struct linger: on, for 0 s. */
const AT_ONCE = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
const option = Buffer.alloc(4);
const optionLength = Buffer.from([4, 0, 0, 0]);

/** Small messages leave at once (RFC 9293 §3.7.4 off). */
export function setNoDelay(calls: SystemCalls, fd: number): void {
  calls.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, ON, ON.length);
}

/** close(2) of the descriptor sends RST. */
export function resetOnClose(calls: SystemCalls, fd: number): void {
  calls.setsockopt(fd, SOL_SOCKET, SO_LINGER, AT_ONCE, AT_ONCE.length);
}

/** Why a socket is in error, or a connect(2) has failed: an errno, which the kernel then forgets; 0: it has not. */
export function pendingError(calls: SystemCalls, fd: number): number {
  calls.getsockopt(fd, SOL_SOCKET, SO_ERROR, option, optionLength);
  return option.readInt32LE(0);
}

/** As Node's: with the code by name. */
export function systemError(call: string, errno: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(-errno);
  return Object.assign(new Error(`${call} ${code}`), { errno: -errno, code, syscall: call });
}
