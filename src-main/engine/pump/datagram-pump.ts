import type { Clock } from '../base/clock.ts';
import {
  OPEN_FAILURES,
  type OpenFailure,
  type ResetReason,
  type StreamEvents,
  type Target,
  type TunnelStream,
} from '../mux/types.ts';
import {
  DATAGRAM_KIND,
  DatagramReader,
  encodeDatagram,
  encodeDatagramFailure,
  MAX_DATAGRAM,
  payloadLength,
} from '../wire/datagram.ts';
import { type ByteBudget, DatagramQueue } from './datagram-queue.ts';
import type { DatagramTally } from './datagram-tally.ts';
import { IdleTimer } from './idle-timer.ts';

/** What crosses the wire when something went wrong with a datagram: as OPEN_FAILED has it. */
export type DatagramFailure = keyof typeof OPEN_FAILURES;

export interface DatagramLimits {
  udpQueueBytes: number;
  udpLateMs: number;
}

export interface DatagramPumpOptions {
  /** The stream has many targets: every datagram comes and goes with its address. */
  addressed: boolean;
  limits: DatagramLimits;
  /** Of the bytes that wait. */
  budget: ByteBudget;
  /** The association ends when nothing moves for this long, ms. */
  idleMs: number;
  clock: Clock;
  /** Runs `fn` once the events at hand are dealt with, so that the datagrams they bring leave together. */
  defer: (fn: () => void) => void;
  tally: DatagramTally;
  /** `payload` is a view that stays as it is. */
  onDatagram: (payload: Buffer, address: Target | undefined) => void;
  onFailure?: (failure: DatagramFailure, address: Target | undefined) => void;
  /** The far end has it. Given where this side opens: a stream that is never opened fails by itself. */
  onOpened?: () => void;
  /** It is over, by whichever side. Called once. */
  onOver: (why: DatagramEnd) => void;
}

export type DatagramEnd =
  | { kind: 'failed'; failure: OpenFailure; message: string }
  | { kind: 'closed' | 'idle' }
  | { kind: 'cut'; reason: ResetReason };

const FAILURES = new Map(
  Object.entries(OPEN_FAILURES).map(([name, code]) => [code as number, name as DatagramFailure]),
);

/**
 * Datagrams over a stream: is its `StreamEvents`, as `SocketPump` is for TCP.
 *
 * A stream is reliable and in order, so what it has taken arrives, however late. Therefore it is given a datagram only
 * when it has room; what comes meanwhile waits here, where it can still be dropped, the oldest first.
 */
export class DatagramPump implements StreamEvents {
  private readonly options: DatagramPumpOptions;
  private readonly reader: DatagramReader;
  private readonly queue: DatagramQueue<Buffer>;
  private idle: IdleTimer;
  /** Until the far end has it, its own timer decides. */
  private opening: boolean;
  private stream: TunnelStream | undefined;
  private blocked = false;
  private flushQueued = false;
  private over = false;

  constructor(options: DatagramPumpOptions) {
    const { tally, limits, clock } = options;
    this.options = options;
    this.reader = new DatagramReader(options.addressed);
    this.queue = new DatagramQueue({
      maxBytes: limits.udpQueueBytes,
      budget: options.budget,
      lateMs: limits.udpLateMs,
      clock,
      onDropped: (count) => tally.dropped(count),
    });
    this.opening = options.onOpened !== undefined;
    this.idle = this.idleTimer();
  }

  get isOver(): boolean {
    return this.over;
  }
  /** When a datagram last went either way, in the clock's time. */
  get lastMs(): number {
    return this.idle.lastMs;
  }
  /** Bytes that wait for room in the stream. */
  get waitingBytes(): number {
    return this.queue.bytes;
  }

  /** The stream that has this as its events. */
  attach(stream: TunnelStream): void {
    this.stream = stream;
    this.flush();
  }

  /** Takes what it needs of `payload` before it returns. */
  send(payload: Buffer, address?: Target): void {
    if (this.over) return;
    this.idle.touch();
    if (payload.length > MAX_DATAGRAM) {
      this.options.tally.dropped();
      return;
    }
    this.put(encodeDatagram(payload, address));
  }

  /** Tells the far end what became of a datagram it sent; waits and is dropped like one. */
  sendFailure(failure: DatagramFailure, address?: Target): void {
    if (!this.over) this.put(encodeDatagramFailure(OPEN_FAILURES[failure], address));
  }

  /** Ends it: what the stream has room for still arrives. Idempotent. */
  close(): void {
    if (this.over) return;
    this.flush();
    const { stream } = this;
    this.finish({ kind: 'closed' });
    // One that still waits for a session need not be opened any more.
    if (stream?.id === 0) stream.reset('shutdown');
    else stream?.end();
  }

  /** Ends it at once. Idempotent. */
  reset(reason: ResetReason): void {
    if (this.over) return;
    this.finish({ kind: 'cut', reason });
    this.stream?.reset(reason);
  }

  // ---- StreamEvents ---------------------------------------------------------------------------------------

  onOpened(): void {
    this.opening = false;
    this.idle.touch();
    this.options.onOpened?.();
  }

  onOpenFailed(failure: OpenFailure, message: string): void {
    this.finish({ kind: 'failed', failure, message });
  }

  onData(chunk: Buffer): void {
    // At once, whatever becomes of it: nobody here makes the sender wait, and a datagram may exceed the window.
    this.stream?.consumed(chunk.length);
    if (this.over) return;
    try {
      this.reader.push(chunk, this);
    } catch {
      this.reset('protocol');
    }
  }

  onDatagram(payload: Buffer, address: Target | undefined): void {
    if (this.over) return;
    this.options.tally.received(payload.length);
    this.idle.touch();
    this.options.onDatagram(payload, address);
  }

  onFailure(failure: number, address: Target | undefined): void {
    if (!this.over) this.options.onFailure?.(FAILURES.get(failure) ?? 'internal', address);
  }

  onDrain(): void {
    this.blocked = false;
    this.flush();
  }

  onEnd(): void {
    this.stream?.end();
    this.finish({ kind: 'closed' });
  }

  onReset(reason: ResetReason): void {
    this.finish({ kind: 'cut', reason });
  }

  private put(datagram: Buffer): void {
    this.queue.push(datagram, datagram.length);
    if (this.flushQueued || this.blocked) return;
    this.flushQueued = true;
    this.options.defer(this.deferredFlush);
  }

  private readonly deferredFlush = (): void => {
    this.flushQueued = false;
    this.flush();
  };

  private flush(): void {
    const { stream } = this;
    // Without a number it waits for a session, and `onDrain` tells when there is one.
    while (stream !== undefined && stream.id !== 0 && !this.blocked && !this.over) {
      const next = this.queue.shift();
      if (next === undefined) return;
      if (next[0] === DATAGRAM_KIND.datagram) this.options.tally.sent(payloadLength(next));
      this.blocked = !stream.write(next);
    }
  }

  private idleTimer(): IdleTimer {
    return new IdleTimer(this.options.idleMs, this.options.clock, () => this.timedOut());
  }

  private timedOut(): void {
    if (this.over) return;
    if (this.opening) {
      this.idle = this.idleTimer();
      return;
    }
    this.finish({ kind: 'idle' });
    this.stream?.reset('timeout');
  }

  private finish(why: DatagramEnd): void {
    if (this.over) return;
    this.over = true;
    this.idle.stop();
    this.queue.clear();
    this.options.onOver(why);
  }
}
