import { BATCH_ABOVE, type Timer } from '../base/clock.ts';
import { CulvertError } from '../base/errors.ts';
import {
  byteFrame,
  FRAME,
  FRAME_HEADER,
  type FrameType,
  LAZY_OPENED,
  MAX_FRAME_PAYLOAD,
  openFailedFrame,
  openFrame,
  readOpen,
  readOpenFailed,
  STREAM_PROTOCOL,
  smallFrame,
  writeFrameHeader,
} from '../wire/frame.ts';
import { readFrames } from '../wire/frame-reader.ts';
import { FEATURE } from '../wire/hello.ts';
import { CreditQueue } from './credit-queue.ts';
import { EarlyLane, IN_EARLY_LANE } from './early-lane.ts';
import { Exchanges } from './exchanges.ts';
import { FrameQueue } from './frame-queue.ts';
import type { MuxerOptions, MuxStats } from './muxer-options.ts';
import { RecordOrder } from './record-order.ts';
import { Scheduler } from './scheduler.ts';
import { MuxStream, type StreamHost } from './stream.ts';
import { StreamIds } from './stream-ids.ts';
import { Throttle } from './throttle.ts';
import {
  OPEN_FAILURES,
  type OpenFailure,
  type OpenOptions,
  openFailureOf,
  RESET_REASONS,
  type ResetReason,
  resetReasonOf,
  type StreamEvents,
  type Target,
} from './types.ts';
import { ReceiveWindow, type WindowPath } from './window.ts';

/** Queued data that makes a record worth sending at once rather than at the end of the turn: a short read. */
const EAGER_BYTES = 32 << 10;
/** Frames other than DATA that may wait. A peer that makes us queue more (OPEN floods) breaks the rules. */
const MAX_QUEUED_FRAMES = 1 << 18;
/** What frame headers may add to a record beyond its limit. The record layer allows for it. */
const RECORD_SLACK = 2048;
/** How long a frame nobody waits for may wait for company, ms. */
const LAZY_MS = 20;
/**
 * A stream of datagrams starts with this window, and queues this much here: what is under way can no longer be
 * dropped when it is late, so that it must be little. The window grows with the path like any other.
 */
const DATAGRAM_WINDOW = 64 << 10;
const DATAGRAM_QUEUE = 32 << 10;
/** Room in a record below which a stream waits for the next one, so that large chunks are not shaved. */
const MIN_SLICE = 1 << 10;

/** Many streams in one session: frames, credit, fair turns. Knows records only as lists of pieces. */
export class Muxer implements StreamHost {
  readonly queueLimit: number;
  readonly eagerBytes = EAGER_BYTES;
  readonly streams = new Map<number, MuxStream>();
  readonly exchanges: Exchanges;
  lastCredited: MuxStream | undefined;
  readonly stats: MuxStats = { opened: 0, failed: 0, sent: 0, received: 0 };
  private readonly options: MuxerOptions;
  private readonly scheduler = new Scheduler();
  private readonly frames = new FrameQueue(true);
  private readonly path: WindowPath;
  private readonly credits: CreditQueue;
  private readonly early: EarlyLane;
  private readonly throttle: Throttle;
  private lazyTimer: Timer | undefined;
  private readonly ids: StreamIds;
  private pulling = false;
  private over = false;
  private goneAway = false;

  constructor(options: MuxerOptions) {
    this.options = options;
    this.queueLimit = options.limits.streamQueueBytes;
    this.ids = options.ids ?? new StreamIds(options.role);
    this.throttle = new Throttle(options.limits.throttleBytesPerSecond, options.clock, () =>
      options.wake(true),
    );
    this.exchanges = new Exchanges(options.clock, options.onExchange);
    this.path = { rttMs: options.rttMs, isInteractive: () => this.exchanges.isActive };
    this.credits = new CreditQueue(this.throttle.credit, this.throttle.waitToGrant);
    this.early = new EarlyLane(options.progress, options.clock);
  }

  /** Whether a new stream can be opened here: there is room, and the peer takes some. */
  get accepts(): boolean {
    return !this.over && !this.goneAway && this.streams.size < this.options.limits.maxStreams;
  }

  /** Whether the peer said that it serves streams of `protocol`. */
  peerServes(protocol: number): boolean {
    const feature = protocol === STREAM_PROTOCOL.tcp ? FEATURE.tcp : FEATURE.udp;
    return ((this.options.peerFeatures ?? FEATURE.tcp) & feature) !== 0;
  }

  /** The peer is shutting down; another session will take new streams. */
  get isDraining(): boolean {
    return this.goneAway;
  }

  /** Opens a stream; data may be written at once. Undefined when `accepts` is false. */
  open(target: Target, events: StreamEvents, options: OpenOptions = {}): MuxStream | undefined {
    if (!this.accepts) return undefined;
    const id = this.ids.take(this.streams);
    const protocol = options.protocol ?? STREAM_PROTOCOL.tcp;
    const stream = this.makeStream(id, target, protocol);
    stream.listen(events);
    stream.meter = options.meter;
    stream.datagrams = options.datagrams;
    options.meter?.streamOpened(stream);
    stream.openTimer = this.options.clock.after(this.options.limits.dialTimeoutMs, () =>
      stream.openTimedOut(),
    );
    this.stats.opened++;
    const flag = options.lazy ? LAZY_OPENED : 0;
    stream.order.opened = Number.POSITIVE_INFINITY;
    const frame = openFrame(id, protocol | flag, target.host, target.port);
    this.queueFrame(frame, stream.order, { opens: true });
    return stream;
  }

  /** Asks the peer to open no more streams. */
  goAway(): void {
    this.queueFrame(smallFrame(FRAME.goaway, 0), this.early.opens);
  }

  /** Cuts every stream. Idempotent. */
  destroy(reason: ResetReason): void {
    if (this.over) return;
    this.over = true;
    this.throttle.stop();
    this.lazyTimer?.cancel();
    for (const stream of [...this.streams.values()]) stream.cut(reason);
    this.scheduler.clear();
    this.credits.clear();
    this.early.clear();
    this.frames.clear();
  }

  private makeStream(id: number, target: Target, protocol: number): MuxStream {
    const { limits, clock, peerWindowBytes } = this.options;
    const most = protocol === STREAM_PROTOCOL.tcp ? Number.POSITIVE_INFINITY : DATAGRAM_WINDOW;
    const initial = Math.min(most, limits.initialWindowBytes);
    const window = new ReceiveWindow(initial, limits.streamWindowBytes, clock, this.path);
    const stream = new MuxStream(this, id, Math.min(most, peerWindowBytes), window, target);
    if (protocol !== STREAM_PROTOCOL.tcp) stream.queueLimit = Math.min(DATAGRAM_QUEUE, this.queueLimit);
    this.streams.set(id, stream);
    return stream;
  }

  // ---- StreamHost -----------------------------------------------------------------------------------------

  get flushesAtOnce(): boolean {
    return this.streams.size <= BATCH_ABOVE;
  }

  ready(stream: MuxStream, atOnce = false): void {
    if (!this.early.isOn || !this.early.add(stream)) this.scheduler.add(stream);
    if (!this.pulling) this.options.wake(atOnce || stream.sendable >= EAGER_BYTES);
  }

  creditDue(stream: MuxStream): void {
    this.lastCredited = stream;
    this.credits.push(stream);
    if (!this.pulling) this.options.wake(false);
  }

  sendReset(stream: MuxStream, reason: ResetReason): void {
    this.queueFrame(byteFrame(FRAME.reset, stream.id, RESET_REASONS[reason]), stream.order);
  }

  closed(stream: MuxStream): void {
    if (stream.list === IN_EARLY_LANE) this.early.remove(stream);
    else this.scheduler.remove(stream);
    this.streams.delete(stream.id);
    if (this.lastCredited === stream) this.lastCredited = undefined;
  }

  private queueFrame(bytes: Buffer, order: RecordOrder, { opens = false, lazy = false } = {}): void {
    if (this.over) return;
    if (this.frames.size + this.early.frames.size >= MAX_QUEUED_FRAMES) {
      this.options.fault(new CulvertError('ERR_LIMIT', 'too many frames wait to be sent'));
      return;
    }
    const frame = { bytes, order, opens: opens ? this.early.opens : undefined };
    if (!this.early.pushFrame(frame)) this.frames.push(frame);
    if (lazy) {
      this.lazyTimer ??= this.options.clock.after(LAZY_MS, () => {
        this.lazyTimer = undefined;
        this.options.wake(false);
      });
    } else if (!this.pulling) this.options.wake(false);
  }

  // ---- sending --------------------------------------------------------------------------------------------

  /**
   * The plaintext of the next record, which has number `seq`: at most `limit` bytes and a little for headers;
   * undefined when there is nothing to send now.
   */
  pull(limit: number, seq = 0): { parts: Buffer[]; length: number } | undefined {
    if (this.over) return undefined;
    this.pulling = true;
    const parts: Buffer[] = [];
    const served: MuxStream[] = [];
    let data = 0;
    let length = this.pullFrames(parts, limit, seq);
    length += this.credits.pull(parts, limit - length);
    // Frames left behind may be the OPEN or OPENED of a stream with data: nothing of it may overtake them.
    if (this.frames.size + this.early.frames.size === 0 && !this.scheduler.empty) {
      let { budget } = this.throttle;
      this.scheduler.run((stream, quantum) => {
        // Headers ride above the limit, so that a chunk of exactly that size, as reads are, is not cut in two.
        const room = Math.min(limit - data, limit + RECORD_SLACK - length - 2 * FRAME_HEADER);
        if (room <= 0 || (room < MIN_SLICE && room < stream.sendable)) return undefined;
        if (budget <= 0 && stream.sendable > 0) return undefined;
        const sent = this.pullData(stream, Math.min(room, quantum, budget, MAX_FRAME_PAYLOAD), parts);
        stream.order.ordinary = seq;
        budget -= sent.data;
        this.throttle.send?.take(sent.data);
        length += sent.bytes;
        data += sent.data;
        served.push(stream);
        return sent.data;
      });
      if (budget <= 0) this.throttle.waitToSend();
    }
    // Only now: what users queue in answer belongs to the next record.
    for (const stream of served) stream.drained();
    this.pulling = false;
    return length > 0 ? { parts, length } : undefined;
  }

  /**
   * The plaintext of record `seq` when that is an early one, which may overtake others: at most `limit` bytes and a
   * little for headers. Undefined when nothing may, or there is nothing.
   */
  pullEarly(limit: number, seq: number): { parts: Buffer[]; length: number } | undefined {
    const { early, credits } = this;
    if (this.over || !early.isOn) return undefined;
    if (early.frames.size === 0 && !early.hasStreams && credits.isEmpty) return undefined;
    this.pulling = true;
    const served: MuxStream[] = [];
    const back: MuxStream[] = [];
    const source = {
      credit: credits.pullSome.bind(credits),
      data: (stream: MuxStream, room: number, parts: Buffer[]): number | undefined => {
        const { budget } = this.throttle;
        if (budget <= 0 && stream.sendable > 0) {
          this.throttle.waitToSend();
          return undefined;
        }
        const sent = this.pullData(stream, Math.min(room, budget), parts);
        this.throttle.send?.take(sent.data);
        return sent.bytes;
      },
    };
    const plan = early.pull(limit, seq, source, served, back);
    for (const stream of back) this.scheduler.add(stream);
    for (const stream of served) stream.drained();
    this.pulling = false;
    return plan;
  }

  /** Those for an early record that has not come about go first: nothing of their streams may overtake them. */
  private pullFrames(parts: Buffer[], limit: number, seq: number): number {
    const { early, frames } = this;
    if (early.hasStreams && !early.isOn) for (const stream of early.takeAll()) this.scheduler.add(stream);
    let length = early.frames.size > 0 ? early.frames.pull(parts, limit, seq) : 0;
    if (early.frames.size === 0 && frames.size > 0) length += frames.pull(parts, limit - length, seq);
    return length;
  }

  private pullData(stream: MuxStream, limit: number, parts: Buffer[]): { data: number; bytes: number } {
    let bytes = 0;
    let data = 0;
    if (stream.sendable > 0) {
      const header = Buffer.allocUnsafe(FRAME_HEADER);
      parts.push(header);
      data = stream.take(limit, parts);
      writeFrameHeader(header, 0, FRAME.data, stream.id, data);
      this.stats.sent += data;
      bytes = FRAME_HEADER + data;
    }
    if (stream.finDue) {
      parts.push(smallFrame(FRAME.fin, stream.id));
      bytes += FRAME_HEADER;
      stream.finSent();
    }
    return { data, bytes };
  }

  // ---- receiving ------------------------------------------------------------------------------------------

  /** Takes one record's plaintext. True when nothing of it is kept. Throws ERR_FRAME when it breaks the rules. */
  onRecord(pieces: Buffer[]): boolean {
    return this.over || readFrames(pieces, this);
  }

  onData(id: number, chunks: readonly Buffer[], length: number): boolean {
    this.stats.received += length;
    // Unknown: it was reset here while this data was under way.
    return this.streams.get(id)?.data(chunks, length) ?? true;
  }

  onFrame(type: Exclude<FrameType, 4>, id: number, payload: Buffer): void {
    if (type === FRAME.open) return this.onOpenFrame(id, payload);
    if (type === FRAME.goaway) {
      this.goneAway = true;
      return;
    }
    // Its meaning is the session's affair, which has delivered the record.
    if (type === FRAME.early) return;
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    switch (type) {
      case FRAME.opened:
        stream.opened();
        return;
      case FRAME.openFailed: {
        // It answers an OPEN of ours, once: who dials for a stream of the peer's does not expect it.
        if (!stream.isOpening) return;
        const failed = readOpenFailed(payload);
        this.stats.failed++;
        stream.openFailed(openFailureOf(failed?.failure), failed?.message ?? '');
        return;
      }
      case FRAME.credit:
        if (payload.length !== 4) throw new CulvertError('ERR_FRAME', 'a CREDIT frame has the wrong length');
        stream.granted(payload.readUInt32BE(0));
        return;
      case FRAME.fin:
        stream.fin();
        return;
      case FRAME.reset:
        stream.cut(resetReasonOf(payload[0]));
        return;
    }
  }

  private onOpenFrame(id: number, payload: Buffer): void {
    const open = readOpen(payload);
    if (open === undefined || !this.ids.takePeers(id, this.streams)) {
      throw new CulvertError('ERR_FRAME', `an OPEN for stream ${id} is malformed or out of order`);
    }
    const refuse = (
      failure: Exclude<OpenFailure, 'noSession'>,
      message: string,
      order = new RecordOrder(),
    ): void => this.queueFrame(openFailedFrame(id, OPEN_FAILURES[failure], message), order);
    const { onOpen, limits } = this.options;
    if (onOpen === undefined) return refuse('unsupported', 'this side opens no connections');
    if (this.streams.size >= limits.maxStreams)
      return refuse('limit', `${limits.maxStreams} streams are open already`);
    const target = { host: open.host, port: open.port };
    const stream = this.makeStream(id, target, open.protocol);
    this.stats.opened++;
    let settled = false;
    onOpen(
      {
        stream,
        accept: () => {
          if (settled || stream.isClosed) return;
          settled = true;
          this.queueFrame(smallFrame(FRAME.opened, id), stream.order, { lazy: open.lazy });
        },
        fail: (failure, message) => {
          if (settled || stream.isClosed) return;
          settled = true;
          this.stats.failed++;
          refuse(failure, message, stream.order);
          stream.openFailed(failure, message);
        },
      },
      target,
      open.protocol,
    );
  }
}
