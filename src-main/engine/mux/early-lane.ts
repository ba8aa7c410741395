import type { Clock } from '../base/clock.ts';
import { earlyFrame, MAX_FOLLOWS, type RecordProgress } from '../wire/early.ts';
import { FrameQueue, type QueuedFrame } from './frame-queue.ts';
import { EarlyBytes, RecordOrder } from './record-order.ts';
import type { MuxStream } from './stream.ts';

/** A stream that sends more than so many bytes in so many ms is no keystroke, and goes the ordinary way. */
const STREAM_BYTES = 64 << 10;
const STREAM_MS = 1000;
/** Bytes under way in early records, of all streams together: beyond these they would wait for each other. */
const ALL_BYTES = 128 << 10;

/** `MuxStream.list` of those that wait here. */
export const IN_EARLY_LANE = 3;

/** An early record in the making. */
class EarlyRecord {
  readonly seq: number;
  readonly parts: Buffer[] = [];
  length = 0;
  private readonly below: number;
  private readonly all: EarlyBytes;
  private readonly follows = new Set<number>();

  constructor(seq: number, below: number, all: EarlyBytes) {
    this.seq = seq;
    this.below = below;
    this.all = all;
  }

  /** Whether it can take something that follows `order`: only so many records can be named. */
  canFollow(order: RecordOrder): boolean {
    return !this.isNews(order) || this.follows.size < MAX_FOLLOWS;
  }

  private isNews({ early }: RecordOrder): boolean {
    return early >= this.below && early !== this.seq && !this.follows.has(early);
  }

  follow(order: RecordOrder): void {
    if (this.isNews(order)) this.follows.add(order.early);
    order.early = this.seq;
  }

  /** `bytes` of frames were added to `parts`. */
  add(order: RecordOrder, bytes: number): void {
    this.follow(order);
    this.length += bytes;
    this.all.add(bytes, this.seq, this.below);
  }

  finish(): { parts: Buffer[]; length: number } | undefined {
    if (this.length === 0) return undefined;
    const head = earlyFrame(this.seq, this.follows);
    this.parts.unshift(head);
    return { parts: this.parts, length: this.length + head.length };
  }
}

/** What the lane needs of the muxer. */
export interface EarlySource {
  /** Adds CREDIT of the streams that `may`, at most `limit` bytes. */
  credit(parts: Buffer[], limit: number, may: (stream: MuxStream) => boolean): number;
  /** Adds data (and FIN) of a stream, at most `limit` bytes of data; undefined: the throttle holds it back. */
  data(stream: MuxStream, limit: number, parts: Buffer[]): number | undefined;
}

/**
 * What may leave in early records: the frames of streams that have little under way, and nothing of it in ordinary
 * records that the peer has yet to deliver. With that no frame of a stream overtakes another one, and a keystroke
 * does not wait for what a download lost.
 */
export class EarlyLane {
  /** Frames that wait for an early record. */
  readonly frames = new FrameQueue(false);
  /** OPENs, whose numbers must ascend, and GOAWAY. */
  readonly opens = new RecordOrder();
  private readonly progress: RecordProgress | undefined;
  private readonly all = new EarlyBytes();
  private readonly clock: Clock;
  private streams: MuxStream[] = [];

  constructor(progress: RecordProgress | undefined, clock: Clock) {
    this.progress = progress;
    this.clock = clock;
  }

  get isOn(): boolean {
    return this.progress?.early === true;
  }
  /** Whether streams wait here. */
  get hasStreams(): boolean {
    return this.streams.length > 0;
  }

  private takes(order: RecordOrder, bytes: number): boolean {
    const { progress } = this;
    return (
      progress?.early === true &&
      order.queued === 0 &&
      order.ordinary < progress.below &&
      this.all.at(progress.below) + bytes <= ALL_BYTES
    );
  }

  private takesStream({ order, sendable, counters }: MuxStream): boolean {
    return (
      this.takes(order, sendable) &&
      order.isSlow(counters.sent, sendable, STREAM_BYTES, STREAM_MS, this.clock.now())
    );
  }

  /** Queues a frame here, when it may go early. */
  pushFrame(frame: QueuedFrame): boolean {
    const bytes = frame.bytes.length;
    if (!this.takes(frame.order, bytes)) return false;
    if (frame.opens !== undefined && !this.takes(frame.opens, 0)) return false;
    this.frames.push(frame);
    return true;
  }

  /** Takes a stream that has something to send, when all of it may go early. */
  add(stream: MuxStream): boolean {
    if (stream.list !== 0 || !this.takesStream(stream)) return false;
    stream.list = IN_EARLY_LANE;
    this.streams.push(stream);
    return true;
  }

  remove(stream: MuxStream): void {
    if (stream.list !== IN_EARLY_LANE) return;
    this.streams.splice(this.streams.indexOf(stream), 1);
    stream.list = 0;
  }

  /** The streams that wait here, which from now on do not. */
  takeAll(): MuxStream[] {
    const taken = this.streams;
    this.streams = [];
    for (const stream of taken) stream.list = 0;
    return taken;
  }

  clear(): void {
    this.frames.clear();
    this.takeAll();
  }

  /**
   * The plaintext of early record `seq`, at most `limit` bytes and a little for headers. `served`: streams whose
   * data it has; `back`: those that have to go the ordinary way after all.
   */
  pull(
    limit: number,
    seq: number,
    source: EarlySource,
    served: MuxStream[],
    back: MuxStream[],
  ): { parts: Buffer[]; length: number } | undefined {
    const below = this.progress?.below ?? 0;
    const record = new EarlyRecord(seq, below, this.all);
    this.pullFrames(record, limit);
    const { parts } = record;
    record.length += source.credit(parts, limit - record.length, ({ order }) =>
      this.mayCredit(order, record, below),
    );
    if (this.frames.size === 0) this.pullStreams(record, limit, source, served, back);
    return record.finish();
  }

  private pullFrames(record: EarlyRecord, limit: number): void {
    for (let next = this.frames.peek(); next !== undefined; next = this.frames.peek()) {
      const { bytes, order, opens } = next;
      if (record.length + bytes.length > limit || !record.canFollow(order)) return;
      if (opens !== undefined) {
        // Nothing of a stream comes before its OPEN: that is all that this one follows.
        if (!record.canFollow(opens)) return;
        record.follow(opens);
        order.opened = record.seq;
      }
      record.parts.push(bytes);
      record.add(order, bytes.length);
      this.frames.drop();
    }
  }

  /** CREDIT only adds up, so that it may overtake everything but the OPEN of its stream. */
  private mayCredit(order: RecordOrder, record: EarlyRecord, below: number): boolean {
    return order.opened < below || order.opened === record.seq;
  }

  private pullStreams(
    record: EarlyRecord,
    limit: number,
    source: EarlySource,
    served: MuxStream[],
    back: MuxStream[],
  ): void {
    while (this.streams.length > 0) {
      const [stream] = this.streams;
      const room = limit - record.length;
      if (room <= 0 || !record.canFollow(stream.order)) return;
      const leaves = stream.sendable > 0 || stream.finDue;
      if (leaves && this.takesStream(stream)) {
        const bytes = source.data(stream, room, record.parts);
        if (bytes === undefined) return;
        record.add(stream.order, bytes);
        served.push(stream);
        if (!stream.isClosed && (stream.sendable > 0 || stream.finDue)) continue;
      } else if (leaves) back.push(stream);
      // Serving may have closed the stream, which takes it off the list.
      this.remove(stream);
    }
  }
}
