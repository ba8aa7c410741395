import { performance } from 'node:perf_hooks';
import { runTurn, turnTime } from '../base/turn-end.ts';
import { turns } from '../base/turns.ts';
import type { PollHandle } from './foreign.ts';
import { Spin } from './spin.ts';
import {
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLIN,
  type Loop,
  type SystemCalls,
  systemError,
} from './system-calls.ts';
import { WakeTimer } from './wake-timer.ts';

/** What happens to a descriptor. `events`: EPOLLIN and others. */
export interface Watcher {
  onEvents(events: number): void;
  /** It asked for that by `again`. */
  onAgain?(): void;
}

/** Events of one round. */
const MAX_EVENTS = 128;
/** struct epoll_event is packed on x86-64 alone: 32 bits of events, 64 of data. */
const EVENT_BYTES = process.arch === 'x64' ? 12 : 16;
const DATA_AT = EVENT_BYTES - 8;

/** So long, ms, descriptors are served before Node's loop has a turn, whether it asks for one or not. */
const STAY_MS = 20;
/** A stay that Node's loop ends sooner than this costs more than it saves, rounds. */
const WORTHWHILE_ROUNDS = 8;
/**
 * So far off, ms, is the next one then, and after bulk: the sooner bulk is served, the less of it comes at once, and (by
 * hand, on two processors) an echo beside it waits a fifth longer.
 */
const AWAY_MS = 100;
/** With more descriptors than this they are many that are served in a round, and putting one epoll into another walks all. */
const STAY_DESCRIPTORS = 256;

/** As far off as a timer can be, ms. */
const NEVER_MS = 2 ** 31 - 1;

interface WithTicks {
  _tickCallback?: () => void;
}

/** What Node does after each of its own events: process.nextTick's callbacks, then promises'. */
const tick = (process as WithTicks)._tickCallback ?? ((): void => {});
const canTick = (process as WithTicks)._tickCallback !== undefined;

/** What one listener throws is nobody else's affair, as in Node; and an edge is told of only once. */
function tell(watcher: Watcher, events: number | undefined): void {
  try {
    if (events !== undefined) watcher.onEvents(events);
    else watcher.onAgain?.();
    tick();
  } catch (error) {
    setImmediate(() => {
      throw error;
    });
  }
}

/**
 * An epoll(7) instance beside libuv's, for sockets that are served without Node's objects.
 *
 * It is in Node's loop as one descriptor: when something is ready, the loop's turn ends in `turn`. A turn of Node's
 * costs more than serving a small message, though. So, while there is something to serve, `turn` stays and waits for
 * more itself: for these descriptors and for libuv's own epoll, which is then in this one instead of the other way
 * round; for no longer than libuv's next timer. Whatever libuv has to do ends the stay. Ticks and microtasks run after
 * each event, as Node does it.
 */
export class Poller {
  private readonly calls: SystemCalls;
  private readonly epoll: number;
  private readonly loop: Loop;
  private readonly backend: number;
  private readonly handle: PollHandle;
  private readonly watchers: Array<Watcher | undefined> = [];
  /** Per descriptor: an event of one that was closed in the same round is not its successor's. */
  private readonly generations: number[] = [];
  private generation = 0;
  private descriptors = 0;
  /** Not the handle, which rests during a stay: a loop that nothing keeps alive says that it is busy. */
  private alive: NodeJS.Timeout | undefined;
  private readonly event = Buffer.alloc(EVENT_BYTES);
  private readonly events = Buffer.allocUnsafeSlow(EVENT_BYTES * MAX_EVENTS);
  private readonly view = new DataView(this.events.buffer);
  private readonly eventsAddress: number;
  /** Served again in the next round. */
  private waiting: Watcher[] = [];
  private isServing = false;
  private queued = false;
  private awayUntil = 0;
  private backendReady = false;
  private ready = 0;
  /** When something was served last, or the stay began, ms. */
  private servedAt = 0;
  private readonly spin: Spin;
  private readonly timer: WakeTimer;

  /** Throws where the kernel has no more descriptors. */
  constructor(calls: SystemCalls) {
    this.calls = calls;
    this.eventsAddress = calls.addressOf(this.events);
    this.epoll = calls.epoll_create1(EPOLL_CLOEXEC);
    if (this.epoll < 0) throw systemError('epoll_create1', calls.errno());
    this.loop = calls.uv_default_loop();
    this.backend = calls.uv_backend_fd(this.loop);
    this.timer = new WakeTimer(calls);
    this.spin = new Spin(calls);
    this.control(EPOLL_CTL_ADD, this.timer.fd, EPOLLIN);
    this.handle = calls.poll(this.epoll, this.wake);
    this.handle.unref();
  }

  /** A socket lives that wants the process to go on. */
  ref(): void {
    if (this.descriptors++ === 0) this.alive = setInterval(() => {}, NEVER_MS);
  }

  unref(): void {
    if (--this.descriptors === 0) clearInterval(this.alive);
  }

  /** Tells `watcher` of `events` from now on. False: the kernel takes no more. */
  add(fd: number, events: number, watcher: Watcher): boolean {
    this.generation = (this.generation + 1) | 0;
    this.generations[fd] = this.generation;
    if (this.control(EPOLL_CTL_ADD, fd, events) !== 0) return false;
    this.watchers[fd] = watcher;
    return true;
  }

  /** Of a descriptor that was added. */
  change(fd: number, events: number): void {
    this.control(EPOLL_CTL_MOD, fd, events);
  }

  /** Of a descriptor that stays open. */
  remove(fd: number): void {
    this.forget(fd);
    this.control(EPOLL_CTL_DEL, fd, 0);
  }

  /** Instead of `remove`, where close(2) follows: that takes it out. */
  forget(fd: number): void {
    this.watchers[fd] = undefined;
  }

  /** Calls `onAgain` once, in the next round, after what is new then. */
  again(watcher: Watcher): void {
    this.waiting.push(watcher);
    this.awayUntil = performance.now() + AWAY_MS;
    if (!this.isServing) this.wake();
  }

  private control(operation: number, fd: number, events: number): number {
    const { event } = this;
    event.writeInt32LE(events, 0);
    event.writeInt32LE(fd, DATA_AT);
    event.writeInt32LE(this.generations[fd] ?? 0, DATA_AT + 4);
    return this.calls.epoll_ctl(this.epoll, operation, fd, event);
  }

  private readonly wake = (): void => {
    if (this.queued) return;
    this.queued = true;
    const turn = setImmediate(this.turn);
    // With one that is referenced libuv counts as busy; one that is not does not keep it from waiting.
    if (this.waiting.length === 0) turn.unref();
  };

  private readonly turn = (): void => {
    this.queued = false;
    this.round(0);
    if (this.mayStay()) this.stay();
    if (this.waiting.length > 0) this.wake();
  };

  private mayStay(): boolean {
    if (!canTick || this.waiting.length > 0) return false;
    if (this.descriptors === 0 || this.descriptors > STAY_DESCRIPTORS) return false;
    if (performance.now() < this.awayUntil) return false;
    this.calls.uv_update_time(this.loop);
    return this.calls.uv_backend_timeout(this.loop) !== 0;
  }

  private stay(): void {
    const { calls, loop, backend, handle } = this;
    // First one, then the other: the kernel takes no circle.
    handle.stop();
    const isIn = this.control(EPOLL_CTL_ADD, backend, EPOLLIN) === 0;
    let rounds = 0;
    this.backendReady = false;
    try {
      // libuv's own clock was set just now, and stands still meanwhile.
      let loopTime = performance.now();
      const end = loopTime + STAY_MS;
      this.servedAt = loopTime;
      while (
        isIn &&
        !this.backendReady &&
        this.descriptors > 0 &&
        this.waiting.length === 0 &&
        this.servedAt < end
      ) {
        let timeout = calls.uv_backend_timeout(loop);
        if (timeout > 0 && loopTime + timeout <= this.servedAt) {
          calls.uv_update_time(loop);
          loopTime = performance.now();
          timeout = calls.uv_backend_timeout(loop);
        }
        if (timeout === 0) break;
        if (timeout > 0) this.timer.by(loopTime + timeout);
        rounds++;
        this.round(-1);
      }
      if (!isIn || (this.backendReady && rounds < WORTHWHILE_ROUNDS))
        this.awayUntil = performance.now() + AWAY_MS;
    } finally {
      this.control(EPOLL_CTL_DEL, backend, 0);
      handle.start(this.wake);
    }
  }

  /** Serves what is ready, after waiting for it at most so long, ms; -1: for ever. */
  private round(timeoutMs: number): void {
    this.ready = timeoutMs < 0 && turns.areShort ? this.spin.wait(this.poll) : 0;
    if (this.ready === 0)
      this.ready = this.calls.epoll_wait(this.epoll, this.eventsAddress, MAX_EVENTS, timeoutMs);
    if (this.ready <= 0 && this.waiting.length === 0) return;
    this.isServing = true;
    try {
      // Each event had its tick.
      if (runTurn(this.serve)) tick();
    } finally {
      this.isServing = false;
    }
  }

  private readonly poll = (): number => this.calls.epoll_wait(this.epoll, this.eventsAddress, MAX_EVENTS, 0);

  private readonly serve = (): void => {
    const { view, watchers, generations, ready, waiting } = this;
    this.servedAt = turnTime();
    this.spin.turn(this.servedAt);
    if (waiting.length > 0) this.waiting = [];
    for (let i = 0; i < ready; i++) {
      const at = i * EVENT_BYTES;
      const fd = view.getInt32(at + DATA_AT, true);
      if (fd === this.backend) {
        this.backendReady = true;
        continue;
      }
      if (fd === this.timer.fd) {
        this.timer.clear();
        continue;
      }
      const watcher = watchers[fd];
      if (watcher === undefined || generations[fd] !== view.getInt32(at + DATA_AT + 4, true)) continue;
      tell(watcher, view.getInt32(at, true));
    }
    for (const watcher of waiting) tell(watcher, undefined);
  };
}
