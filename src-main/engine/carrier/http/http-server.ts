import type { Clock, Timer } from '../../base/clock.ts';
import { CulvertError } from '../../base/errors.ts';
import { type Poll, SEEN } from '../../wire/poll.ts';
import type { Carrier, CarrierEvents, CarrierRecord, CarrierStats, Flow } from '../carrier.ts';
import { type CopySink, Exchange, type RequestCopy } from './exchange.ts';
import { GONE_MS, MAX_BODY, MAX_EXCHANGES, MAX_UNCONFIRMED, PARK_BODY } from './limits.ts';
import { Outbox, partsOf } from './outbox.ts';

export interface HttpServerOptions {
  /** See `Poll.carrier`. */
  id: number;
  label: string;
  clock: Clock;
  /** No copy of this request is answered any more. */
  onForgotten: (exchange: Exchange) => void;
  /** The carrier is over. */
  onGone: () => void;
}

const FIRST_POLL: Omit<Poll, 'carrier'> = {
  request: 0,
  bytes: 0,
  holdMs: 0,
  wantBytes: 256 << 10,
  park: 0,
  open: [],
  lost: [],
  piece: 0,
  offset: 0,
};

/**
 * The server's end of an HTTP carrier. Requests wait here until there is data; what was answered is kept until a
 * later request tells that it arrived, or that it did not.
 */
export class HttpServerCarrier implements Carrier {
  readonly kind = 'http';
  readonly id: number;
  label: string;
  readonly stats: CarrierStats = { sent: 0, received: 0 };
  heardAt: number;
  private readonly options: HttpServerOptions;
  private readonly clock: Clock;
  private readonly outbox = new Outbox();
  private readonly exchanges = new Map<number, Exchange>();
  /** Complete, unanswered and heard, the oldest first. */
  private readonly parked = new Set<Exchange>();
  /** Of those, the ones that are answered in this turn, with data or without. */
  private readonly due = new Set<Exchange>();
  private events: CarrierEvents | undefined;
  /** The newest request's view. */
  private newest: Poll;
  private newestOpen = new Set<number>();
  private pieces: { number: number; flow: Flow; next: number } | undefined;
  private longestHoldMs = 0;
  private unconfirmed = 0;
  private flushQueued = false;
  private wasFull = false;
  private closing = false;
  private gone = false;
  private watch: Timer | undefined;

  constructor(options: HttpServerOptions) {
    this.options = options;
    this.id = options.id;
    this.label = options.label;
    this.clock = options.clock;
    this.newest = { ...FIRST_POLL, carrier: options.id };
    this.heardAt = options.clock.now();
  }

  get writable(): boolean {
    return (
      !this.gone &&
      !this.closing &&
      this.outbox.bytes < this.newest.wantBytes &&
      this.unconfirmed < MAX_UNCONFIRMED
    );
  }
  get buffered(): number {
    return this.outbox.bytes + this.unconfirmed;
  }
  get quietMs(): number {
    return this.longestHoldMs + GONE_MS;
  }

  start(events: CarrierEvents): void {
    this.events = events;
    this.check();
  }

  send(records: readonly CarrierRecord[]): void {
    if (this.gone || this.closing) return;
    this.outbox.put(records);
    if (!this.writable) this.wasFull = true;
    this.schedule();
  }

  /** Answers every request there is, the last data first, then ends. */
  close(): void {
    if (this.gone || this.closing) return;
    this.closing = true;
    this.flush();
    this.finish(new CulvertError('ERR_CLOSED', 'closed'), false);
  }

  destroy(error: CulvertError): void {
    this.finish(error, true);
  }

  // ---- requests -------------------------------------------------------------------------------------------

  /** The request that carried the first flight. `cookie` goes with its answer. */
  first(cookie: string | undefined): Exchange {
    const exchange = new Exchange(this.newest, this.clock.now(), cookie);
    this.exchanges.set(0, exchange);
    return exchange;
  }

  /** A request whose POLL verified. Undefined: the peer goes beyond every bound. */
  accept(poll: Poll): Exchange | undefined {
    if (this.gone || this.exchanges.has(poll.request)) return undefined;
    this.heardAt = this.clock.now();
    this.longestHoldMs = Math.max(poll.holdMs, this.newest.holdMs);
    // Its sender gave it up before it came: nothing must be sent into it.
    const stale = poll.request < this.newest.request && !this.newestOpen.has(poll.request);
    this.confirm(poll);
    const exchange = new Exchange(stale ? { ...poll, holdMs: -1 } : poll, this.heardAt, undefined);
    if (this.exchanges.size >= MAX_EXCHANGES) {
      this.destroy(new CulvertError('ERR_LIMIT', 'the peer has too many requests open'));
      return undefined;
    }
    this.exchanges.set(poll.request, exchange);
    if (poll.request > this.newest.request) {
      this.newest = { ...poll, wantBytes: Math.min(poll.wantBytes, MAX_BODY) };
      this.newestOpen = new Set(poll.open);
    }
    return exchange;
  }

  /** Serves one copy of a request. */
  serve(exchange: Exchange, copy: RequestCopy): CopySink {
    const { poll } = exchange;
    const flow = this.gone || poll.piece !== 0 ? undefined : this.events?.openFlow();
    const held: Buffer[] = [];
    const onBody = (chunk: Buffer): void => {
      this.heardAt = this.clock.now();
      this.stats.received += chunk.length;
      flow?.push(chunk);
      if (poll.piece !== 0) held.push(Buffer.from(chunk));
    };
    const onWhole = (): void => {
      if (poll.piece !== 0) this.onPiece(poll, held);
      this.onWhole(exchange);
    };
    return exchange.add(copy, onBody, onWhole, () => {
      if (exchange.isHeard) return;
      exchange.holdTimer?.cancel();
      this.unpark(exchange);
    });
  }

  /** Part of a record that is too long for the path. Pieces come in order; what was there before is skipped. */
  private onPiece(poll: Poll, chunks: readonly Buffer[]): void {
    if (this.gone || this.events === undefined) return;
    if (poll.offset === 0 && this.pieces?.number !== poll.piece)
      this.pieces = { number: poll.piece, flow: this.events.openFlow(), next: 0 };
    const { pieces } = this;
    const known = pieces?.number === poll.piece ? pieces.next - poll.offset : -1;
    if (pieces === undefined || known < 0 || known >= poll.bytes) return;
    pieces.next += poll.bytes - known;
    try {
      pieces.flow.push(Buffer.concat(chunks).subarray(known));
    } catch (error) {
      this.destroy(error instanceof CulvertError ? error : new CulvertError('ERR_RECORD', String(error)));
    }
  }

  private onWhole(exchange: Exchange): void {
    const { poll } = exchange;
    if (poll.holdMs < 0 || this.gone || this.closing) {
      this.answer(exchange, [], 0);
      return;
    }
    this.parked.add(exchange);
    if (poll.holdMs === 0 || poll.bytes > PARK_BODY) {
      // What its body led to by the end of this turn (credit, mostly) goes along, and those that wait go on waiting.
      this.due.add(exchange);
      this.schedule();
      return;
    }
    exchange.holdTimer?.cancel();
    exchange.holdTimer = this.clock.after(poll.holdMs, () => this.answerNow(exchange));
    this.schedule();
  }

  /** Applies what a POLL says about earlier requests. Each statement stays true for ever, so order does not matter. */
  private confirm(poll: Poll): void {
    const open = new Set(poll.open);
    const lost = new Set(poll.lost);
    for (const [number, exchange] of this.exchanges) {
      if (number >= poll.request || (open.has(number) && !lost.has(number))) continue;
      const { answer } = exchange;
      if (lost.has(number) && answer !== undefined && answer.records.length > 0) {
        this.outbox.putBack(answer.records);
        this.schedule();
      } else if (answer !== undefined && exchange.isWritten) {
        for (const record of answer.records) record.written();
      }
      this.forget(number, exchange);
    }
    if (this.wasFull && this.writable) this.schedule();
  }

  private unpark(exchange: Exchange): void {
    this.parked.delete(exchange);
    this.due.delete(exchange);
  }

  private forget(number: number, exchange: Exchange): void {
    this.exchanges.delete(number);
    this.unpark(exchange);
    this.unconfirmed -= exchange.answer?.bytes ?? 0;
    // Its sender no longer waits, but what is between may: it gets an answer rather than a cut.
    if (exchange.isHeard) this.answer(exchange, [], 0);
    exchange.drop();
    this.options.onForgotten(exchange);
  }

  // ---- answers --------------------------------------------------------------------------------------------

  private schedule(): void {
    if (this.flushQueued) return;
    this.flushQueued = true;
    process.nextTick(this.flush);
  }

  private readonly flush = (): void => {
    this.flushQueued = false;
    if (this.gone) return;
    for (const exchange of this.due) this.answerNow(exchange);
    for (const exchange of this.parked) {
      if (this.outbox.isEmpty) break;
      this.answerNow(exchange);
    }
    for (const exchange of this.parked) {
      if (this.parked.size <= Math.max(1, this.newest.park) && !this.closing) break;
      this.answerNow(exchange);
    }
    if (this.wasFull && this.writable) {
      this.wasFull = false;
      this.events?.onWritable();
    }
  };

  /** With as much as waits and fits. */
  private answerNow(exchange: Exchange): void {
    this.unpark(exchange);
    const { records, bytes } = this.outbox.take(Math.min(MAX_BODY, exchange.poll.wantBytes));
    this.answer(exchange, records, bytes);
  }

  private answer(exchange: Exchange, records: CarrierRecord[], bytes: number): void {
    const { events } = this;
    if (events === undefined) return;
    const { poll } = exchange;
    const control = events.seal({
      type: 'answer',
      request: poll.request,
      bytes,
      heldMs: Math.round(this.clock.now() - exchange.arrivedAt),
      more: bytes > 0 && this.parked.size === 0 && this.outbox.bytes + bytes >= poll.wantBytes / 2,
      gone: false,
      seen: poll.open.map((number) => {
        const other = this.exchanges.get(number);
        return other === undefined ? SEEN.missing : other.answer === undefined ? SEEN.held : SEEN.answered;
      }),
    });
    const total = control.length + bytes;
    this.stats.sent += total;
    if (this.exchanges.get(poll.request) === exchange) this.unconfirmed += total;
    exchange.settle({ parts: [control, ...partsOf(records)], bytes: total, records });
  }

  // ---- the end --------------------------------------------------------------------------------------------

  private readonly check = (): void => {
    if (this.gone) return;
    const silence = this.clock.now() - this.heardAt;
    const patience = this.quietMs;
    if (silence >= patience) {
      this.destroy(new CulvertError('ERR_CARRIER_LOST', `no request for ${Math.round(silence / 1000)} s`));
      return;
    }
    this.watch = this.clock.after(patience - silence + 10, this.check);
  };

  private finish(reason: CulvertError, cut: boolean): void {
    if (this.gone) return;
    this.gone = true;
    this.watch?.cancel();
    this.outbox.clear();
    this.parked.clear();
    this.due.clear();
    for (const [number, exchange] of [...this.exchanges]) {
      this.exchanges.delete(number);
      if (cut) exchange.drop();
      // An orderly end: answers on their way still arrive, and copies of requests are answered as before.
      else if (!exchange.complete) exchange.drop();
      this.options.onForgotten(exchange);
    }
    this.options.onGone();
    this.events?.onClose(reason);
  }
}
