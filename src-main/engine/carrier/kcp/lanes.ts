import { URGENT_OUT, URGENT_QUEUE, URGENT_RECEIVE_BYTES } from './limits.ts';
import { ahead, CMD, type ReadSegment, type Segment, writeSegment } from './segment.ts';
import { SegmentOrder } from './segment-order.ts';
import { type OutSegment, SegmentQueue } from './segment-queue.ts';

/** One conversation of KCP: a flow of bytes in order, with numbers of its own. */
class Lane {
  readonly conv: number;
  readonly queue: SegmentQueue;
  readonly order: SegmentOrder;

  constructor(conv: number, payload: number, receiveBytes: number) {
    this.conv = conv;
    this.queue = new SegmentQueue(payload);
    this.order = new SegmentOrder(receiveBytes, payload);
  }

  fields(now: number): { conv: number; wnd: number; una: number; ts: number } {
    const { order, conv } = this;
    return { conv, wnd: order.window, una: order.next, ts: Math.floor(now) >>> 0 };
  }
}

/** `urgent`: which flow it is of. */
export type DeliverData = (data: Buffer, urgent: boolean) => void;

/**
 * The two conversations that share a carrier's datagrams, its pace and its acknowledgements: the bulk, and beside it
 * what is urgent, which waits neither for bulk that is queued nor for bulk that was lost. Its `conv` is the other's
 * with the top bit turned.
 */
export class Lanes {
  private readonly bulk: Lane;
  private readonly urgent: Lane;
  /** Of both conversations. */
  readonly convs: readonly number[];

  constructor(conv: number, payload: number, receiveBytes: number) {
    this.bulk = new Lane(conv, payload, receiveBytes);
    this.urgent = new Lane((conv ^ 0x8000_0000) >>> 0, payload, URGENT_RECEIVE_BYTES);
    this.convs = [this.bulk.conv, this.urgent.conv];
  }

  /** Bytes that the peer is not known to have. */
  get held(): number {
    return this.bulk.queue.held + this.urgent.queue.held;
  }
  /** Bulk that never left. */
  get unsent(): number {
    return this.bulk.queue.unsent;
  }
  /** Bytes of segments that came ahead of others. */
  get early(): number {
    return this.bulk.order.held + this.urgent.order.held;
  }
  /** How long bulk waits for what was lost before it, ms. */
  get waitMs(): number {
    return this.bulk.order.waitMs;
  }
  get urgentRoom(): boolean {
    return this.urgent.queue.unsent < URGENT_QUEUE;
  }
  get ready(): boolean {
    return this.urgent.queue.ready || this.bulk.queue.ready;
  }
  /** Whether something urgent may leave, even if the path is full. */
  get hurries(): boolean {
    return this.urgent.queue.ready && this.urgent.queue.out < URGENT_OUT;
  }

  /** Payload of the segments of bulk from now on. Urgent ones stay small: most are, and others must fit beside them. */
  widen(payload: number): void {
    this.bulk.queue.payload = payload;
  }

  write(part: Buffer, urgent: boolean): void {
    (urgent ? this.urgent : this.bulk).queue.write(part);
  }

  /** Writes segments to `out`, as `SegmentQueue.take` does: urgent ones first. */
  take(
    out: Buffer,
    at: number,
    end: number,
    number: number,
    now: number,
    load: OutSegment[],
    withBulk: boolean,
  ): number {
    const { urgent, bulk } = this;
    let place = at;
    if (urgent.queue.ready) place = urgent.queue.take(out, place, end, number, urgent.fields(now), load);
    return withBulk ? bulk.queue.take(out, place, end, number, bulk.fields(now), load) : place;
  }

  /** Once more the oldest segments that are out, to draw an answer. */
  repeat(out: Buffer, at: number, end: number, number: number, now: number, load: OutSegment[]): number {
    const { urgent, bulk } = this;
    const place = urgent.queue.repeat(out, at, end, number, urgent.fields(now), load);
    return bulk.queue.repeat(out, place, end, number, bulk.fields(now), load);
  }

  /** In KCP's own words, how far the bulk and its window reach. */
  tell(out: Buffer, at: number, now: number): number {
    return writeSegment(out, at, { ...this.bulk.fields(now), cmd: CMD.windowTell, frg: 0, sn: 0, length: 0 });
  }

  private of({ conv }: Segment): Lane {
    return conv === this.urgent.conv ? this.urgent : this.bulk;
  }

  /** Whether all of a datagram's segments can be taken. */
  fit(segments: readonly ReadSegment[]): boolean {
    let [bulk, urgent] = [0, 0];
    for (const { segment } of segments) {
      if (segment.cmd !== CMD.push) continue;
      const lane = this.of(segment);
      const isAhead = ahead(segment.sn, lane.order.next) > 0;
      if (isAhead && lane === this.urgent) urgent += segment.length;
      else if (isAhead) bulk += segment.length;
      if (!lane.order.fits(segment.sn, lane === this.urgent ? urgent : bulk)) return false;
    }
    return true;
  }

  /** Takes segments that fit; `newest`: they are of the newest datagram. True when any has data. */
  receive(segments: readonly ReadSegment[], newest: boolean, now: number, deliver: DeliverData): boolean {
    let data = false;
    for (const { segment, data: bytes } of segments) {
      const lane = this.of(segment);
      if (newest) lane.queue.peerWindow = Math.max(1, segment.wnd);
      lane.queue.ackedBelow(segment.una);
      if (segment.cmd !== CMD.push) continue;
      data = true;
      lane.order.put(segment.sn, bytes, now, (each) => deliver(each, lane === this.urgent));
    }
    return data;
  }
}
