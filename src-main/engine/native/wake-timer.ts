import { CLOCK_MONOTONIC, type SystemCalls, systemError, TFD_CLOEXEC, TFD_NONBLOCK } from './system-calls.ts';

/** struct itimerspec: an interval and a time from now, each in s and ns, 64 bits. */
const SPEC_BYTES = 32;
const VALUE_AT = 16;
/** How much later than wanted it may go off, ms; libuv's timers count whole ones. */
const TOLERANCE_MS = 0.5;
/** Zero would be never. */
const SOONEST_MS = 0.001;

/**
 * A timer that is a descriptor (timerfd_create(2)), for the deadline of a wait that is done many times until then. A
 * timeout of epoll_wait(2) is a timer that is set and taken back each time, for which a processor's clock may have to be
 * set; on a virtual machine that costs as much as the rest of the wait.
 */
export class WakeTimer {
  readonly fd: number;
  private readonly calls: SystemCalls;
  private readonly spec = Buffer.alloc(SPEC_BYTES);
  /** When it goes off, ms on `performance.now`. */
  private at = Number.POSITIVE_INFINITY;

  /** Throws where the kernel has no more descriptors. */
  constructor(calls: SystemCalls) {
    this.calls = calls;
    this.fd = calls.timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (this.fd < 0) throw systemError('timerfd_create', calls.errno());
  }

  /** The descriptor is readable by `at`, on `performance.now`; it may be so before. */
  by(at: number): void {
    if (this.at <= at + TOLERANCE_MS) return;
    this.at = at;
    this.set(Math.max(SOONEST_MS, at - performance.now()));
  }

  /** It went off. */
  clear(): void {
    this.at = Number.POSITIVE_INFINITY;
    // Setting it, and be it to never, makes it unreadable.
    this.set(0);
  }

  private set(ms: number): void {
    const { spec } = this;
    spec.writeUInt32LE(Math.floor(ms / 1000), VALUE_AT);
    spec.writeUInt32LE((ms % 1000) * 1e6, VALUE_AT + 8);
    this.calls.timerfd_settime(this.fd, 0, spec, null);
  }
}
