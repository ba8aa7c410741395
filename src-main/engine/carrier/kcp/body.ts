import type { Ranges } from './number-ranges.ts';

/**
 * What is sealed in a datagram: KCP's segments, and beside them what its format lacks. Big-endian but for the
 * segments:
 *
 *   flags u8 | length u16 of the segments | segments | parts by flag, lowest bit first | padding
 *
 *   1   ack: newest u48 | delay u16 (1/16 ms) | count u8 | length of the newest range, then count - 1 times gap and
 *       length, each a varint (7 bits a byte, lowest first). The numbers are those of datagrams.
 *   2   flight: length u16 | a first flight
 *   4   reply: length u16 | the handshake's answer
 *   8   trial: answer with an ack, whatever else is in it
 *   16  close: the carrier ends
 *   32  refused: the flight asks for a session that is not here
 */
export const FLAG = { ack: 1, flight: 2, reply: 4, trial: 8, close: 16, refused: 32 } as const;

/** Bytes before the segments. */
export const BODY_HEAD = 3;
/** Ranges that one acknowledgement has at most. */
export const MAX_RANGES = 32;
/** Longest acknowledgement: its fields, and varints of at most five bytes. */
const MAX_ACK = 9 + MAX_RANGES * 10;
const DELAY_UNIT_MS = 1 / 16;

export interface Ack {
  ranges: Ranges;
  delayMs: number;
}

export interface Body {
  flags: number;
  segments: Buffer;
  ack: Ack | undefined;
  flight: Buffer | undefined;
  reply: Buffer | undefined;
}

function writeVarint(out: Buffer, at: number, value: number): number {
  let left = value;
  while (left > 0x7f) {
    out[at++] = (left & 0x7f) | 0x80;
    left = Math.floor(left / 128);
  }
  out[at++] = left;
  return at;
}

/** Writes as many of the ranges as fit before `end`; gives the place behind, or `at` when there is too little room. */
export function writeAck(out: Buffer, at: number, end: number, ranges: Ranges, delayMs: number): number {
  if (ranges.length === 0 || end - at < 9 + 5) return at;
  out.writeUIntBE(ranges[0][1] - 1, at, 6);
  out.writeUInt16BE(Math.min(0xffff, Math.max(0, Math.round(delayMs / DELAY_UNIT_MS))), at + 6);
  let count = 1;
  let place = writeVarint(out, at + 9, ranges[0][1] - ranges[0][0]);
  while (count < ranges.length && count < MAX_RANGES && end - place >= 10) {
    place = writeVarint(out, place, ranges[count - 1][0] - ranges[count][1]);
    place = writeVarint(out, place, ranges[count][1] - ranges[count][0]);
    count++;
  }
  out[at + 8] = count;
  return place;
}

class Cursor {
  at: number;
  readonly from: Buffer;

  constructor(from: Buffer, at: number) {
    this.from = from;
    this.at = at;
  }

  /** Undefined when it is cut short or over five bytes long. */
  varint(): number | undefined {
    let value = 0;
    for (let i = 0, unit = 1; i < 5 && this.at < this.from.length; i++, unit *= 128) {
      const byte = this.from[this.at++];
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
    }
    return undefined;
  }

  bytes(): Buffer | undefined {
    if (this.at + 2 > this.from.length) return undefined;
    const start = this.at + 2;
    const end = start + this.from.readUInt16BE(this.at);
    if (end > this.from.length) return undefined;
    this.at = end;
    return this.from.subarray(start, end);
  }

  ack(): Ack | undefined {
    const { from, at } = this;
    if (at + 10 > from.length) return undefined;
    let end = from.readUIntBE(at, 6) + 1;
    const delayMs = from.readUInt16BE(at + 6) * DELAY_UNIT_MS;
    const count = from[at + 8];
    if (count === 0 || count > MAX_RANGES) return undefined;
    this.at = at + 9;
    const ranges: [number, number][] = [];
    for (let i = 0; i < count; i++) {
      const gap = i === 0 ? 0 : this.varint();
      const length = this.varint();
      if (gap === undefined || length === undefined || length === 0) return undefined;
      end -= gap;
      if (end - length < 0 || (i > 0 && gap === 0)) return undefined;
      ranges.push([end - length, end]);
      end -= length;
    }
    return { ranges, delayMs };
  }
}

/** Undefined when it is malformed. */
export function readBody(from: Buffer): Body | undefined {
  if (from.length < BODY_HEAD) return undefined;
  const flags = from[0];
  const behind = BODY_HEAD + from.readUInt16BE(1);
  if (behind > from.length) return undefined;
  const cursor = new Cursor(from, behind);
  const ack = flags & FLAG.ack ? cursor.ack() : undefined;
  if (flags & FLAG.ack && ack === undefined) return undefined;
  const flight = flags & FLAG.flight ? cursor.bytes() : undefined;
  if (flags & FLAG.flight && flight === undefined) return undefined;
  const reply = flags & FLAG.reply ? cursor.bytes() : undefined;
  if (flags & FLAG.reply && reply === undefined) return undefined;
  return { flags, segments: from.subarray(BODY_HEAD, behind), ack, flight, reply };
}

export function writePiece(out: Buffer, at: number, piece: Buffer): number {
  const behind = out.writeUInt16BE(piece.length, at);
  return behind + piece.copy(out, behind);
}

/** Room that an acknowledgement may take, for who must leave some. */
export const ACK_ROOM = MAX_ACK;
