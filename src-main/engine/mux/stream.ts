import type { Timer } from '../base/clock.ts';
import { assertNever, CulvertError } from '../base/errors.ts';
import type { Exchanges } from './exchanges.ts';
import { RecordOrder } from './record-order.ts';
import type {
  DatagramCounters,
  OpenFailure,
  ResetReason,
  StreamCounters,
  StreamEvents,
  StreamMeter,
  Target,
  TunnelStream,
} from './types.ts';
import type { ReceiveWindow } from './window.ts';

/** What a stream asks of the muxer it belongs to. */
export interface StreamHost {
  readonly queueLimit: number;
  /** A chunk of at least this size is sent at once where there is room. */
  readonly eagerBytes: number;
  readonly exchanges: Exchanges;
  /** With few streams a message leaves within the call that brings it. */
  readonly flushesAtOnce: boolean;
  /** The stream has data (or a FIN) that it may send now. `atOnce`: within this call. */
  ready(stream: MuxStream, atOnce?: boolean): void;
  /** The stream that credit was last granted to. */
  readonly lastCredited: MuxStream | undefined;
  /** Credit waits to be granted. */
  creditDue(stream: MuxStream): void;
  sendReset(stream: MuxStream, reason: ResetReason): void;
  /** Both directions are over; the muxer forgets the stream. */
  closed(stream: MuxStream): void;
}

const NO_EVENTS: StreamEvents = { onData: () => {}, onEnd: () => {}, onReset: () => {} };

/**
 * One forwarded connection.
 *
 * ```
 *            end()            FIN sent
 *   open ───────────► ending ─────────► half-closed (local) ──┐
 *     │  FIN received                                         ├─► closed
 *     └────────────────────────────► half-closed (remote) ────┘
 *   any state: reset() or RESET received ─► closed
 * ```
 */
export class MuxStream implements TunnelStream {
  readonly id: number;
  readonly target: Target | undefined;
  readonly counters: StreamCounters = { sent: 0, received: 0 };
  /** Bytes the peer lets us send. */
  credit: number;
  /** Credit to grant with the next record. */
  pendingCredit = 0;
  /** Scheduling: see Scheduler. */
  deficit = 0;
  epoch = -1;
  list: 0 | 1 | 2 | 3 = 0;
  /** Records with frames of it: see EarlyLane. */
  readonly order = new RecordOrder();
  /** Runs until the far end has connected; only streams opened here have one. */
  openTimer: Timer | undefined;
  meter: StreamMeter | undefined;
  datagrams: DatagramCounters | undefined;
  /** Queued bytes from which on `write` says stop. */
  queueLimit: number;

  private readonly host: StreamHost;
  private readonly window: ReceiveWindow;
  private events: StreamEvents = NO_EVENTS;
  private readonly queue: Buffer[] = [];
  private queuedBytes = 0;
  private wantsDrain = false;
  /** Small messages since the last large one. */
  private messages = 0;
  private localEnd: 'open' | 'ending' | 'sent' = 'open';
  private remoteEnded = false;
  private over = false;

  constructor(host: StreamHost, id: number, credit: number, window: ReceiveWindow, target?: Target) {
    this.host = host;
    this.queueLimit = host.queueLimit;
    this.id = id;
    this.credit = credit;
    this.window = window;
    this.target = target;
  }

  get isClosed(): boolean {
    return this.over;
  }
  get queued(): number {
    return this.queuedBytes;
  }
  /** Bytes that could leave now; a FIN that could counts as none. */
  get sendable(): number {
    return Math.min(this.queuedBytes, this.credit);
  }
  /** Whether FIN is next. */
  get finDue(): boolean {
    return this.localEnd === 'ending' && this.queuedBytes === 0 && !this.over;
  }

  listen(events: StreamEvents): void {
    this.events = events;
  }

  write(chunk: Buffer, atOnce = false): boolean {
    if (this.over || this.localEnd !== 'open') return false;
    if (chunk.length > 0) {
      this.messages = this.host.exchanges.note(this.messages, chunk.length);
      this.queue.push(chunk);
      this.queuedBytes += chunk.length;
      if (this.credit > 0) this.host.ready(this, atOnce);
    }
    if (this.queuedBytes < this.queueLimit) return true;
    this.wantsDrain = true;
    return false;
  }

  /**
   * Large chunks, and with few streams all, are mostly sealed inside this call, straight from the caller's buffer; what is
   * not, and what waits for the turn's end, is copied.
   */
  writeBorrowed(chunk: Buffer): boolean {
    const { host } = this;
    const atOnce = chunk.length >= host.eagerBytes || host.flushesAtOnce;
    if (!atOnce || this.credit <= 0 || this.queuedBytes > 0) return this.write(Buffer.from(chunk));
    this.write(chunk, true);
    for (let i = 0; i < this.queue.length; i++) {
      if (this.queue[i].buffer === chunk.buffer) this.queue[i] = Buffer.from(this.queue[i]);
    }
    // Without credit the next chunk would have to be copied: better to leave it in the kernel until there is some.
    if (this.credit <= 0) this.wantsDrain = true;
    return !this.wantsDrain;
  }

  end(): void {
    if (this.over || this.localEnd !== 'open') return;
    this.localEnd = 'ending';
    if (this.queuedBytes === 0 || this.credit > 0) this.host.ready(this);
  }

  reset(reason: ResetReason): void {
    if (this.over) return;
    this.finish();
    // One frame too many ends the session, and with it every stream that is not over.
    this.host.sendReset(this, reason);
    this.events.onReset(reason);
  }

  consumed(bytes: number): void {
    if (this.over || this.remoteEnded) return;
    const credit = this.window.consume(bytes, this.host.lastCredited === this);
    if (credit === 0) return;
    this.pendingCredit += credit;
    this.host.creditDue(this);
  }

  // ---- called by the muxer --------------------------------------------------------------------------------

  /** Moves up to `limit` bytes of the queue to `parts`; returns how many. */
  take(limit: number, parts: Buffer[]): number {
    let left = Math.min(limit, this.sendable);
    const taken = left;
    let whole = 0;
    while (left > 0) {
      const chunk = this.queue[whole];
      if (chunk.length <= left) {
        parts.push(chunk);
        left -= chunk.length;
        whole++;
      } else {
        parts.push(chunk.subarray(0, left));
        this.queue[whole] = chunk.subarray(left);
        left = 0;
      }
    }
    // The usual case, and `pop` is what the compiler knows.
    if (whole === 1 && this.queue.length === 1) this.queue.pop();
    else if (whole > 0) this.queue.splice(0, whole);
    this.queuedBytes -= taken;
    this.credit -= taken;
    this.counters.sent += taken;
    return taken;
  }

  /** After `take`: lets the user go on when there is room again. */
  drained(): void {
    if (!this.wantsDrain || this.over || this.queuedBytes >= this.queueLimit) return;
    this.wantsDrain = false;
    this.events.onDrain?.();
  }

  finSent(): void {
    this.localEnd = 'sent';
    this.maybeClosed();
  }

  granted(credit: number): void {
    this.credit += credit;
    if (this.over) return;
    if (this.queuedBytes > 0) this.host.ready(this);
    else this.drained();
  }

  /** It was opened here, and the far end has not answered yet. */
  get isOpening(): boolean {
    return this.openTimer !== undefined && !this.over;
  }

  opened(): void {
    if (!this.isOpening) return;
    this.openTimer?.cancel();
    this.openTimer = undefined;
    this.events.onOpened?.();
  }

  /** The far end neither connected nor refused in time. */
  openTimedOut(): void {
    if (this.over) return;
    this.host.sendReset(this, 'timeout');
    this.openFailed('timeout', 'no answer within the dial timeout');
  }

  openFailed(failure: OpenFailure, message: string): void {
    if (this.over) return;
    this.finish(true);
    this.events.onOpenFailed?.(failure, message);
  }

  /** True when the chunks are no longer needed. */
  data(chunks: readonly Buffer[], length: number): boolean {
    if (this.over) return true;
    if (this.remoteEnded || !this.window.take(length)) {
      throw new CulvertError(
        'ERR_FRAME',
        `stream ${this.id} got data beyond its ${this.remoteEnded ? 'end' : 'window'}`,
      );
    }
    this.counters.received += length;
    this.messages = this.host.exchanges.note(this.messages, length);
    const { events } = this;
    if (events.onChunks !== undefined) return events.onChunks(chunks);
    for (const chunk of chunks) events.onData(chunk);
    return false;
  }

  fin(): void {
    if (this.over || this.remoteEnded) return;
    this.remoteEnded = true;
    this.events.onEnd();
    this.maybeClosed();
  }

  /** The far end cut it, or the session is gone. */
  cut(reason: ResetReason): void {
    if (this.over) return;
    this.finish();
    this.events.onReset(reason);
  }

  private maybeClosed(): void {
    if (!this.remoteEnded || this.localEnd !== 'sent' || this.over) return;
    this.finish();
    this.events.onClosed?.();
  }

  private finish(failed = false): void {
    this.over = true;
    this.openTimer?.cancel();
    this.meter?.streamClosed(this, failed);
    this.host.exchanges.closed(this.messages);
    this.queue.length = 0;
    this.queuedBytes = 0;
    this.host.closed(this);
  }
}

export function resetReasonText(reason: ResetReason): string {
  switch (reason) {
    case 'reset':
      return 'the connection was reset';
    case 'timeout':
      return 'nothing moved for too long';
    case 'protocol':
      return 'the peer broke the protocol';
    case 'shutdown':
      return 'the peer is shutting down';
    case 'sessionLost':
      return 'the session was lost';
    default:
      return assertNever(reason);
  }
}
