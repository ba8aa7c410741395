import type { Clock, Timer } from '../../base/clock.ts';
import { CulvertError } from '../../base/errors.ts';
import { type Answer, type CarrierControl, MODE, type Poll, PROBE_SEEN_MS, UNTOLD } from '../../wire/poll.ts';
import type { Carrier, CarrierEvents, CarrierRecord, Flow } from '../carrier.ts';
import { CarrierEnd } from './carrier-end.ts';
import { type CopySink, Exchange, type RequestCopy } from './exchange.ts';
import { ExchangeTable } from './exchange-table.ts';
import {
  CLOSE_MS,
  GONE_MS,
  MAX_BODY,
  MAX_EXCHANGES,
  MAX_HOLD_MS,
  MAX_UNCONFIRMED,
  PARK_BODY,
} from './limits.ts';
import { partsOf } from './outbox.ts';
import { PieceJoiner } from './piece-joiner.ts';
import { ServerStreams } from './server-streams.ts';

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
  mode: MODE.plain,
};

/**
 * The server's end of an HTTP carrier. Requests wait here until there is data; what was answered is kept until a
 * later request tells that it arrived, or that it did not.
 */
export class HttpServerCarrier extends CarrierEnd implements Carrier {
  readonly id: number;
  label: string;
  private readonly options: HttpServerOptions;
  private readonly table: ExchangeTable;
  private readonly streams: ServerStreams;
  private readonly pieces = new PieceJoiner(() => this.openFlow());
  /** The request whose body is being read. */
  private receiving: Exchange | undefined;
  /** The newest request's view. */
  private newest: Poll;
  private newestOpen = new Set<number>();
  /** Of the two last requests that may wait. */
  private longestHoldMs = 0;
  private lastHoldMs = 0;
  private watch: Timer | undefined;
  private lingering: Timer | undefined;

  constructor(options: HttpServerOptions) {
    super(options.clock);
    this.options = options;
    this.id = options.id;
    this.label = options.label;
    this.table = new ExchangeTable(options.onForgotten);
    this.newest = { ...FIRST_POLL, carrier: options.id };
    this.streams = new ServerStreams({
      clock: options.clock,
      block: (exchange, bytes) => this.sealAnswer(exchange, bytes),
      schedule: () => this.schedule(),
      onLost: (records) => {
        if (this.gone) return;
        this.outbox.putBack(records);
        this.schedule();
      },
    });
  }

  get writable(): boolean {
    return (
      !this.gone &&
      !this.closing &&
      this.outbox.bytes < this.newest.wantBytes &&
      this.table.unconfirmed < MAX_UNCONFIRMED
    );
  }
  get buffered(): number {
    return this.outbox.bytes + this.table.unconfirmed;
  }
  get quietMs(): number {
    return this.longestHoldMs + GONE_MS;
  }

  start(events: CarrierEvents): void {
    this.events = events;
    this.check();
  }

  /** Answers every request there is, the last data first, then ends. */
  close(): void {
    if (this.gone || this.closing) return;
    this.closing = true;
    this.flush();
    this.finish(new CulvertError('ERR_CLOSED', 'closed'), false);
  }

  /**
   * Says `last` in the next answer there is. When no request waits, one is on its way as long as the client lives. What
   * does not fit that answer is not waited for: the session is over.
   */
  closeWith(last: CarrierRecord): void {
    if (this.gone || this.closing) return;
    if (this.outbox.bytes + last.bytes > Math.min(MAX_BODY, this.newest.wantBytes)) this.outbox.clear();
    this.outbox.put([last]);
    this.closing = true;
    this.lingering = this.clock.after(CLOSE_MS, () =>
      this.finish(new CulvertError('ERR_CLOSED', 'nobody came for the last word'), false),
    );
    this.flush();
  }

  destroy(error: CulvertError): void {
    this.finish(error, true);
  }

  // ---- requests -------------------------------------------------------------------------------------------

  /** The request that carried the first flight. `cookie` goes with its answer. */
  first(cookie: string | undefined): Exchange {
    const exchange = new Exchange(this.newest, this.clock.now(), cookie);
    this.table.add(0, exchange);
    return exchange;
  }

  /** A request whose POLL verified. Undefined: the peer goes beyond every bound. */
  accept(asked: Poll): Exchange | undefined {
    if (this.gone || this.table.has(asked.request)) return undefined;
    if (asked.piece !== 0 && asked.bytes > MAX_BODY) {
      this.destroy(new CulvertError('ERR_LIMIT', 'the peer sends pieces that are longer than any body'));
      return undefined;
    }
    const poll = asked.holdMs > MAX_HOLD_MS ? { ...asked, holdMs: MAX_HOLD_MS } : asked;
    this.heardAt = this.clock.now();
    this.expectSilence(poll.holdMs);
    // Its sender gave it up before it came: nothing must be sent into it.
    const stale = poll.request < this.newest.request && !this.newestOpen.has(poll.request);
    this.confirm(poll);
    const exchange = new Exchange(stale ? { ...poll, holdMs: -1 } : poll, this.heardAt, undefined);
    if (this.table.size >= MAX_EXCHANGES) {
      this.destroy(new CulvertError('ERR_LIMIT', 'the peer has too many requests open'));
      return undefined;
    }
    this.table.add(poll.request, exchange);
    if (poll.request > this.newest.request) {
      this.newest = { ...poll, wantBytes: Math.min(poll.wantBytes, MAX_BODY) };
      this.newestOpen = new Set(poll.open);
    }
    return exchange;
  }

  /** A request that does not wait says nothing of those that do. */
  private expectSilence(holdMs: number): void {
    if (holdMs === 0) return;
    this.longestHoldMs = Math.max(holdMs, this.lastHoldMs);
    this.lastHoldMs = holdMs;
  }

  /** Serves one copy of a request. */
  serve(exchange: Exchange, copy: RequestCopy): CopySink {
    const { poll } = exchange;
    const flow = this.gone || poll.piece !== 0 ? undefined : this.events?.openFlow();
    const held: Buffer[] = [];
    const onBody = (chunk: Buffer): void => {
      this.heardAt = this.clock.now();
      this.stats.received += chunk.length;
      this.receiving = exchange;
      try {
        flow?.push(chunk);
      } finally {
        this.receiving = undefined;
      }
      if (poll.piece !== 0) held.push(Buffer.from(chunk));
    };
    const onWhole = (): void => {
      if (poll.piece !== 0 && !this.gone) this.onPiece(poll, held);
      this.onWhole(exchange);
    };
    return exchange.add(copy, onBody, onWhole, () => {
      if (exchange.isHeard) return;
      exchange.holdTimer?.cancel();
      exchange.stream?.fail();
      this.table.unpark(exchange);
    });
  }

  /** Called within `flow.push`: the beginning or the end of a streamed body. */
  onControl(control: CarrierControl, recordBytes: number): void {
    const exchange = this.receiving;
    if (control.type !== 'answer' || exchange === undefined || control.request !== exchange.poll.request)
      return;
    const now = this.clock.now();
    if (control.bytes === UNTOLD) exchange.begunAt ??= now;
    else {
      exchange.told = control.bytes + recordBytes;
      exchange.apart = exchange.begunAt !== undefined && now - exchange.begunAt >= PROBE_SEEN_MS;
    }
  }

  private onPiece(poll: Poll, chunks: readonly Buffer[]): void {
    try {
      this.pieces.push(poll, chunks);
    } catch (error) {
      this.destroy(error instanceof CulvertError ? error : new CulvertError('ERR_RECORD', String(error)));
    }
  }

  private openFlow(): Flow {
    return this.events?.openFlow() ?? { push: () => {} };
  }

  private onWhole(exchange: Exchange): void {
    const { poll } = exchange;
    if (poll.holdMs < 0 || this.gone) {
      this.answer(exchange, [], 0);
      return;
    }
    if (this.closing) {
      this.answerNow(exchange);
      return;
    }
    this.table.parked.add(exchange);
    if (poll.mode === MODE.down || poll.mode === MODE.tryDown) {
      const streams = poll.mode === MODE.down ? this.streams.begin(exchange) : this.streams.try(exchange);
      if (streams) this.table.unpark(exchange);
      else this.answerNow(exchange);
      return;
    }
    if (poll.holdMs === 0 || poll.bytes > PARK_BODY) {
      // What its body led to by the end of this turn (credit, mostly) goes along, and those that wait go on waiting.
      this.table.due.add(exchange);
      this.schedule();
      return;
    }
    exchange.holdTimer?.cancel();
    exchange.holdTimer = this.clock.after(poll.holdMs, () => this.answerNow(exchange));
    this.schedule();
  }

  private confirm(poll: Poll): void {
    const { lost, over } = this.table.confirm(poll);
    if (lost.length > 0) this.outbox.putBack(lost);
    for (const exchange of over) {
      exchange.stream?.end();
      // Its sender no longer waits, but what is between may: it gets an answer rather than a cut.
      if (exchange.isHeard && exchange.stream === undefined) this.answer(exchange, [], 0);
      this.table.forget(exchange);
    }
    if (lost.length > 0 || this.owesRoom) this.schedule();
  }

  // ---- answers --------------------------------------------------------------------------------------------

  private sealAnswer(exchange: Exchange, bytes: number): Buffer {
    const sealed = this.events?.seal({ type: 'answer', ...this.answerOf(exchange, bytes) });
    this.stats.sent += sealed?.length ?? 0;
    return sealed ?? Buffer.alloc(0);
  }

  private answerOf(exchange: Exchange, bytes: number): Answer {
    const { poll, apart } = exchange;
    const heldMs = Math.round(this.clock.now() - exchange.arrivedAt);
    const more = bytes !== UNTOLD && bytes > 0 && this.isBehind(poll, bytes);
    const seen = this.table.seen(poll.open);
    return { request: poll.request, bytes, heldMs, more, gone: false, apart, seen };
  }

  /** More requests that wait would be of use. */
  private isBehind(poll: Poll, bytes: number): boolean {
    return this.table.parked.size === 0 && this.outbox.bytes + bytes >= poll.wantBytes / 2;
  }

  protected flush(): void {
    const { due, parked } = this.table;
    this.stats.sent += this.streams.send(this.outbox);
    for (const exchange of due) this.answerNow(exchange);
    for (const exchange of parked) {
      if (this.outbox.isEmpty || this.streams.isOpen) break;
      this.answerNow(exchange);
    }
    for (const exchange of parked) {
      if (parked.size <= Math.max(1, this.newest.park) && !this.closing) break;
      this.answerNow(exchange);
    }
    this.tellRoom();
    this.endIfSaid();
  }

  /** With as much as waits and fits. */
  private answerNow(exchange: Exchange): void {
    this.table.unpark(exchange);
    const { records, bytes } = this.outbox.take(Math.min(MAX_BODY, exchange.poll.wantBytes));
    this.answer(exchange, records, bytes);
  }

  private answer(exchange: Exchange, records: CarrierRecord[], bytes: number): void {
    if (this.events === undefined) return;
    const control = this.sealAnswer(exchange, bytes);
    const total = control.length + bytes;
    this.stats.sent += bytes;
    this.table.answered(exchange, total);
    exchange.onWritten = this.endIfSaid;
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

  /** The last word is with the kernel: what is cut from now on does not touch it. */
  private readonly endIfSaid = (): void => {
    if (!this.lingers || this.lingering === undefined) return;
    if (this.outbox.isEmpty && this.table.isWritten)
      this.finish(new CulvertError('ERR_CLOSED', 'closed'), false);
  };

  private finish(reason: CulvertError, cut: boolean): void {
    if (this.gone) return;
    this.gone = true;
    this.watch?.cancel();
    this.lingering?.cancel();
    this.outbox.clear();
    this.table.clear(cut);
    this.options.onGone();
    this.events?.onClose(reason);
  }
}
