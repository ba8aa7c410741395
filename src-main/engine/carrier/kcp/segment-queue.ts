import { ahead, CMD, SEGMENT_HEADER, writeSegment } from './segment.ts';

/** Data of one number, kept until the peer has it. */
export interface OutSegment {
  /** Counts on beyond 2^32; the wire has the low 32 bits. */
  sn: number;
  data: Buffer;
  /** Bytes of `data` that are filled. */
  length: number;
  acked: boolean;
  /** Datagram in which it last left; -1 = not yet. */
  number: number;
  /** It waits to leave again. */
  again: boolean;
  /** That keeps it. */
  readonly queue: SegmentQueue;
}

export interface SegmentFields {
  conv: number;
  /** This side's own window and `una`. */
  wnd: number;
  una: number;
  ts: number;
}

/**
 * The bytes to send as numbered segments: cut when they come, filled up while they wait, and kept until the peer has
 * them. What is to leave again goes before what is new.
 */
export class SegmentQueue {
  /** Bytes that never left. */
  unsent = 0;
  /** Bytes that the peer is not known to have, unsent ones included. */
  held = 0;
  /** Segments the peer can take beyond the first that it lacks. */
  peerWindow = 128;
  /** Payload of the segments that are cut from now on, bytes. */
  payload: number;
  /** From the first that the peer lacks. */
  private segments: OutSegment[] = [];
  /** Where in `segments` the first unacknowledged and the first unsent one is. */
  private head = 0;
  private fresh = 0;
  private again: OutSegment[] = [];
  private nextSn = 0;

  constructor(payload: number) {
    this.payload = payload;
  }

  /** Copies: the parts may be changed or freed afterwards. */
  write(part: Buffer): void {
    this.unsent += part.length;
    this.held += part.length;
    let at = 0;
    while (at < part.length) {
      let last = this.segments.at(-1);
      if (last === undefined || last.number >= 0 || last.length >= this.payload)
        last = this.begin(Math.min(this.payload, part.length - at));
      if (last.length === last.data.length) {
        const wider = Buffer.allocUnsafe(this.payload);
        last.data.copy(wider, 0, 0, last.length);
        last.data = wider;
      }
      const copied = part.copy(last.data, last.length, at);
      last.length += copied;
      at += copied;
    }
  }

  /** Copies parts that must not be cut: into one segment, which they may share with others. */
  writeWhole(parts: readonly Buffer[]): void {
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    if (bytes > this.payload) throw new RangeError(`${bytes} bytes do not fit a segment`);
    const last = this.segments.at(-1);
    if (last === undefined || last.number >= 0 || last.length + bytes > this.payload) this.begin(bytes);
    for (const part of parts) this.write(part);
  }

  /** A new segment, with room for `bytes` at first. */
  private begin(bytes: number): OutSegment {
    const segment: OutSegment = {
      sn: this.nextSn++,
      data: Buffer.allocUnsafe(bytes),
      length: 0,
      acked: false,
      number: -1,
      again: false,
      queue: this,
    };
    this.segments.push(segment);
    return segment;
  }

  /** Bytes that left and are not known to have arrived. */
  get out(): number {
    return this.held - this.unsent;
  }

  /** Whether anything may leave now. */
  get ready(): boolean {
    this.skipAcked();
    return this.again.length > 0 || this.mayNumber;
  }

  private get mayNumber(): boolean {
    const next = this.segments[this.fresh];
    return next !== undefined && next.sn < this.firstLacking + this.peerWindow;
  }

  private get firstLacking(): number {
    return this.segments[this.head]?.sn ?? this.nextSn;
  }

  private skipAcked(): void {
    while (this.again.length > 0 && this.again[0].acked) this.again.shift();
  }

  /**
   * Writes segments to `out`, from `at` on and at most up to `end`, as the load of datagram `number`. Those written
   * are added to `load`. Gives the place behind.
   */
  take(
    out: Buffer,
    at: number,
    end: number,
    number: number,
    fields: SegmentFields,
    load: OutSegment[],
  ): number {
    for (;;) {
      this.skipAcked();
      let next: OutSegment;
      if (this.again.length > 0) {
        next = this.again[0];
        if (at + SEGMENT_HEADER + next.length > end) break;
        this.again.shift();
        next.again = false;
      } else if (this.mayNumber) {
        next = this.segments[this.fresh];
        if (at + SEGMENT_HEADER + next.length > end) break;
        this.fresh++;
        this.unsent -= next.length;
      } else break;
      next.number = number;
      at = this.put(out, at, next, fields);
      load.push(next);
    }
    return at;
  }

  /** Once more the oldest segments that are out, to draw an answer. */
  repeat(
    out: Buffer,
    at: number,
    end: number,
    number: number,
    fields: SegmentFields,
    load: OutSegment[],
  ): number {
    for (let i = this.head; i < this.fresh; i++) {
      const each = this.segments[i];
      if (each.acked || each.again) continue;
      if (at + SEGMENT_HEADER + each.length > end) break;
      each.number = number;
      at = this.put(out, at, each, fields);
      load.push(each);
    }
    return at;
  }

  private put(out: Buffer, at: number, segment: OutSegment, fields: SegmentFields): number {
    const header = { ...fields, cmd: CMD.push, frg: 0, sn: segment.sn >>> 0, length: segment.length };
    const behind = writeSegment(out, at, header);
    return behind + segment.data.copy(out, behind, 0, segment.length);
  }

  /** The peer has it. */
  acked(segment: OutSegment): void {
    if (segment.acked) return;
    segment.acked = true;
    this.held -= segment.length;
    segment.data = EMPTY;
    while (this.head < this.fresh && this.segments[this.head].acked) this.head++;
    if (this.head >= 1024 || this.head === this.segments.length) {
      this.segments.splice(0, this.head);
      this.fresh -= this.head;
      this.head = 0;
    }
  }

  /** The datagram that it was in is lost: it leaves again, unless a later one has it. */
  lost(segment: OutSegment, number: number): void {
    if (segment.acked || segment.again || segment.number !== number) return;
    segment.again = true;
    // Nearly always behind all others; the oldest must come first, as everything waits for it.
    let i = this.again.length;
    while (i > 0 && this.again[i - 1].sn > segment.sn) i--;
    this.again.splice(i, 0, segment);
  }

  /** The peer says that it has everything below `una` (the low 32 bits). */
  ackedBelow(una: number): void {
    // Each step may pass others that were acknowledged before.
    while (this.head < this.fresh && ahead(una, this.firstLacking >>> 0) > 0) {
      this.acked(this.segments[this.head]);
    }
  }
}

const EMPTY = Buffer.alloc(0);
