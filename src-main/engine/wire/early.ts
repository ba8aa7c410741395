/**
 * Early records: reliable records that may be delivered before those with lower numbers.
 *
 * Such a record begins with an EARLY frame (stream 0). Its payload are distances back, u32 each: the record may be
 * delivered once the records `number - distance` were. What a record without the frame holds waits for everything
 * below it. The frame is no more than a leave: a receiver that ignores it delivers in order and is right.
 */
import { CulvertError } from '../base/errors.ts';
import { FRAME, FRAME_HEADER, writeFrameHeader } from './frame.ts';

/** Records that one early record may have to follow. */
export const MAX_FOLLOWS = 16;

/**
 * No record leaves whose number is further than this ahead of the oldest unacknowledged one: whoever receives keeps
 * a ledger of what came ahead, and that must be bounded too.
 */
export const MAX_RECORDS_AHEAD = 65_536;

/** How far the session has got, for those who fill its records. */
export interface RecordProgress {
  /** Whether what may overtake is of use now: the peer takes early records, and the carrier hurries them. */
  early: boolean;
  /** The peer has delivered all records below this number. */
  below: number;
}

/** Bytes of an EARLY frame with the most it may hold. */
export const MAX_EARLY_FRAME = FRAME_HEADER + 4 * MAX_FOLLOWS;

/** The frame at the head of record `seq`, which has to follow the records `follows`. */
export function earlyFrame(seq: number, follows: Iterable<number>): Buffer {
  const gaps = [...follows].map((each) => seq - each);
  if (gaps.length > MAX_FOLLOWS) throw new RangeError(`${gaps.length} records to follow`);
  const out = Buffer.allocUnsafe(FRAME_HEADER + 4 * gaps.length);
  writeFrameHeader(out, 0, FRAME.early, 0, 4 * gaps.length);
  gaps.forEach((gap, i) => {
    out.writeUInt32BE(gap, FRAME_HEADER + 4 * i);
  });
  return out;
}

/**
 * What record `seq` has to follow, when it is early; undefined when it is not. `pieces` are its plaintext, cut
 * anywhere. Throws ERR_FRAME when the frame is malformed.
 */
export function readEarly(seq: number, pieces: readonly Buffer[]): number[] | undefined {
  if (pieces.length === 0 || pieces[0].length === 0 || pieces[0][0] !== FRAME.early) return undefined;
  const head = pieces[0].length >= MAX_EARLY_FRAME ? pieces[0] : Buffer.concat(pieces);
  const bytes = head.length < FRAME_HEADER ? -1 : head.readUIntBE(5, 3);
  if (bytes % 4 !== 0 || bytes > 4 * MAX_FOLLOWS || FRAME_HEADER + bytes > head.length)
    throw new CulvertError('ERR_FRAME', 'an EARLY frame is malformed');
  const follows: number[] = [];
  for (let at = FRAME_HEADER; at < FRAME_HEADER + bytes; at += 4) {
    const gap = head.readUInt32BE(at);
    if (gap === 0 || gap > seq) throw new CulvertError('ERR_FRAME', 'an EARLY frame names a later record');
    follows.push(seq - gap);
  }
  return follows;
}
