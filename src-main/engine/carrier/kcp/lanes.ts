import { URGENT_OUT, URGENT_QUEUE, URGENT_WINDOW } from './limits.ts';
import { ahead, CMD, type ReadSegment, type Segment, writeSegment } from './segment.ts';
import { SegmentOrder } from './segment-order.ts';
import { type OutSegment, type SegmentFields, SegmentQueue } from './segment-queue.ts';
import { SegmentSet } from './segment-set.ts';

/** What arrived: bytes of the flow of bulk, or urgent records. */
export type DeliverData = (data: Buffer, urgent: boolean) => void;

/**
 * The two conversations of KCP that share a carrier's datagrams, its pace and its acknowledgements.
 *
 * *Bulk* is one flow of bytes in order. *Urgent* ones are segments of whole records, each of which is handed on as it
 * comes: it waits neither for bulk that is queued, nor for anything that was lost. The `conv` of these is the other's
 * with the top bit turned.
 */
export class Lanes {
  /** Of both conversations. */
  readonly convs: readonly [bulk: number, urgent: number];
  /** Longest urgent write, bytes. */
  readonly longest: number;
  private readonly bulk: SegmentQueue;
  private readonly urgent: SegmentQueue;
  private readonly order: SegmentOrder;
  private readonly arrived = new SegmentSet(URGENT_WINDOW);

  constructor(conv: number, payload: number, receiveBytes: number) {
    this.convs = [conv, (conv ^ 0x8000_0000) >>> 0];
    this.longest = payload;
    this.bulk = new SegmentQueue(payload);
    // Urgent segments stay small whatever the path takes: most are, and others must fit beside them.
    this.urgent = new SegmentQueue(payload);
    this.urgent.peerWindow = URGENT_WINDOW;
    this.order = new SegmentOrder(receiveBytes, payload);
  }

  /** Bytes that the peer is not known to have. */
  get held(): number {
    return this.bulk.held + this.urgent.held;
  }
  /** Bulk that never left. */
  get unsent(): number {
    return this.bulk.unsent;
  }
  /** Bytes of bulk that came ahead of what is missing. */
  get aheadBytes(): number {
    return this.order.held;
  }
  /** How long bulk waits for what was lost before it, ms. */
  get waitMs(): number {
    return this.order.waitMs;
  }
  get urgentRoom(): boolean {
    return this.urgent.unsent < URGENT_QUEUE;
  }
  get ready(): boolean {
    return this.urgent.ready || this.bulk.ready;
  }
  /** Whether something urgent may leave, even if the path is full. */
  get hurries(): boolean {
    return this.urgent.ready && this.urgent.out < URGENT_OUT;
  }

  /** Payload of the segments of bulk from now on. */
  widen(payload: number): void {
    this.bulk.payload = payload;
  }

  /** Copies the parts. Urgent ones stay together: they are whole records, of at most `longest` bytes. */
  write(parts: readonly Buffer[], urgent: boolean): void {
    if (urgent) this.urgent.writeWhole(parts);
    else for (const part of parts) this.bulk.write(part);
  }

  private bulkFields(now: number): SegmentFields {
    const { order } = this;
    return { conv: this.convs[0], wnd: order.window, una: order.next, ts: Math.floor(now) >>> 0 };
  }

  private urgentFields(now: number): SegmentFields {
    const { next, window } = this.arrived;
    return { conv: this.convs[1], wnd: window, una: next, ts: Math.floor(now) >>> 0 };
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
    if (urgent.ready) place = urgent.take(out, place, end, number, this.urgentFields(now), load);
    return withBulk ? bulk.take(out, place, end, number, this.bulkFields(now), load) : place;
  }

  /** Once more the oldest segments that are out, to draw an answer. */
  repeat(out: Buffer, at: number, end: number, number: number, now: number, load: OutSegment[]): number {
    const place = this.urgent.repeat(out, at, end, number, this.urgentFields(now), load);
    return this.bulk.repeat(out, place, end, number, this.bulkFields(now), load);
  }

  /** In KCP's own words, how far the bulk and its window reach. */
  tell(out: Buffer, at: number, now: number): number {
    return writeSegment(out, at, { ...this.bulkFields(now), cmd: CMD.windowTell, frg: 0, sn: 0, length: 0 });
  }

  private isUrgent({ conv }: Segment): boolean {
    return conv === this.convs[1];
  }

  /** Whether all of a datagram's segments can be taken. */
  fit(segments: readonly ReadSegment[]): boolean {
    const { order, arrived } = this;
    let bytes = 0;
    for (const { segment } of segments) {
      if (segment.cmd !== CMD.push) continue;
      if (this.isUrgent(segment)) {
        if (!arrived.fits(segment.sn)) return false;
        continue;
      }
      if (ahead(segment.sn, order.next) > 0) bytes += segment.length;
      if (!order.fits(segment.sn, bytes)) return false;
    }
    return true;
  }

  /** Takes segments that fit; `newest`: they are of the newest datagram. True when any has data. */
  receive(segments: readonly ReadSegment[], newest: boolean, now: number, deliver: DeliverData): boolean {
    let hasData = false;
    for (const { segment, data } of segments) {
      const urgent = this.isUrgent(segment);
      const queue = urgent ? this.urgent : this.bulk;
      if (newest) queue.peerWindow = Math.max(1, segment.wnd);
      queue.ackedBelow(segment.una);
      if (segment.cmd !== CMD.push) continue;
      hasData = true;
      if (!urgent) this.order.put(segment.sn, data, now, (each) => deliver(each, false));
      else if (this.arrived.add(segment.sn)) deliver(data, true);
    }
    return hasData;
  }
}
