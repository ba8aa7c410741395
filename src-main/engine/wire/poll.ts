/**
 * POLL and ANSWER: what the two ends of an HTTP carrier tell each other, sealed by the session as control records.
 * Every request has a POLL in its head, every response begins with an ANSWER. Big-endian.
 *
 * POLL: `carrier u32 | request u32 | bytes u32 | hold u32 (ms) | want u32 | park u8 | open count u8 | lost count u8 |
 * piece u32 | offset u32 | mode u8`, then the numbers, u32 each.
 * ANSWER: `request u32 | bytes u32 | held u32 (ms) | flags u8 | count u8`, then one u8 per number of the POLL's `open`.
 */
import { CulvertError } from '../base/errors.ts';

/**
 * What a request is for. The two tries tell whether a path hands on what it has of a body before it has all of it:
 * they hold no data, but two blocks, `PROBE_GAP_MS` apart. A streamed body begins and ends with an ANSWER (of the
 * sender's, whoever that is), so that what was cut off shows.
 */
export const MODE = { plain: 0, tryDown: 1, down: 2, tryUp: 3, up: 4 } as const;
export type Mode = (typeof MODE)[keyof typeof MODE];

/** Time between the blocks of a try, and what has to be left of it at the other end, ms. */
export const PROBE_GAP_MS = 300;
export const PROBE_SEEN_MS = 150;

/** `bytes` of a body whose length its end will tell. */
export const UNTOLD = 0xffff_ffff;

/** Request numbers that one POLL names in each of its two lists. */
export const MAX_POLL_NUMBERS = 32;

export interface Poll {
  /** Which HTTP carrier of the session: the last four bytes of the flight that began it. */
  carrier: number;
  /** Number of the request; never used twice by a carrier. */
  request: number;
  /** Bytes of the request's body: proof that nothing was cut off. `UNTOLD` of one that is streamed. */
  bytes: number;
  /** How long the server may keep the request before it answers without data, ms. */
  holdMs: number;
  /** Bytes of records that the response may have at most; one record may exceed it. */
  wantBytes: number;
  /** Requests that the server may keep; when there are more, the oldest is answered at once. */
  park: number;
  /** Earlier requests without an answer as yet. */
  open: readonly number[];
  /**
   * Earlier requests given up: what they were answered with did not arrive. Named until a request that named them
   * is answered. Earlier requests in neither list were answered and the answers arrived.
   */
  lost: readonly number[];
  /**
   * Not 0: the body is a piece of one record that is longer than the path lets through; pieces of the same record
   * have the same number here, and `offset` says where in it they belong. They are sent one after another.
   */
  piece: number;
  offset: number;
  mode: Mode;
}

/** What the server knows of an open request. */
export const SEEN = { missing: 0, held: 1, answered: 2 } as const;

export interface Answer {
  /** The request it answers. */
  request: number;
  /** Bytes of the body beside this record. `UNTOLD` at the beginning of one that is streamed. */
  bytes: number;
  /** How long the server kept the request, ms. */
  heldMs: number;
  /** More data waits and no request is there to take it. */
  more: boolean;
  /** The carrier is not there any more, the session is. */
  gone: boolean;
  /** The blocks of a `tryUp` came apart. */
  apart: boolean;
  /** `SEEN` of each of the POLL's open requests, in its order. */
  seen: readonly number[];
}

/** Control records that are the carriers' own. */
export type CarrierControl = ({ type: 'poll' } & Poll) | ({ type: 'answer' } & Answer);

const POLL_BYTES = 32;
const ANSWER_BYTES = 14;
const FLAG = { more: 1, gone: 2, apart: 4 } as const;
const MODES: readonly Mode[] = Object.values(MODE);

/** Both writers leave room for `type` at the first byte. */
export function encodePoll(type: number, poll: Poll): Buffer {
  const open = poll.open.slice(0, MAX_POLL_NUMBERS);
  const lost = poll.lost.slice(0, MAX_POLL_NUMBERS);
  const out = Buffer.allocUnsafe(1 + POLL_BYTES + (open.length + lost.length) * 4);
  out[0] = type;
  out.writeUInt32BE(poll.carrier, 1);
  out.writeUInt32BE(poll.request, 5);
  out.writeUInt32BE(poll.bytes, 9);
  out.writeUInt32BE(poll.holdMs, 13);
  out.writeUInt32BE(poll.wantBytes, 17);
  out[21] = poll.park;
  out[22] = open.length;
  out[23] = lost.length;
  out.writeUInt32BE(poll.piece, 24);
  out.writeUInt32BE(poll.offset, 28);
  out[32] = poll.mode;
  let at = 1 + POLL_BYTES;
  for (const number of open) at = out.writeUInt32BE(number, at);
  for (const number of lost) at = out.writeUInt32BE(number, at);
  return out;
}

export function decodePoll(plain: Buffer): Poll {
  if (plain.length < 1 + POLL_BYTES) throw new CulvertError('ERR_FRAME', 'a POLL is cut short');
  const [openCount, lostCount] = [plain[22], plain[23]];
  const tooMany = openCount > MAX_POLL_NUMBERS || lostCount > MAX_POLL_NUMBERS;
  if (tooMany || plain.length < 1 + POLL_BYTES + (openCount + lostCount) * 4) {
    throw new CulvertError('ERR_FRAME', `a POLL of ${openCount} and ${lostCount} numbers`);
  }
  const numbers: number[] = [];
  for (let i = 0; i < openCount + lostCount; i++) numbers.push(plain.readUInt32BE(1 + POLL_BYTES + i * 4));
  return {
    carrier: plain.readUInt32BE(1),
    request: plain.readUInt32BE(5),
    bytes: plain.readUInt32BE(9),
    holdMs: plain.readUInt32BE(13),
    wantBytes: plain.readUInt32BE(17),
    park: plain[21],
    open: numbers.slice(0, openCount),
    lost: numbers.slice(openCount),
    piece: plain.readUInt32BE(24),
    offset: plain.readUInt32BE(28),
    mode: MODES[plain[32]] ?? MODE.plain,
  };
}

export function encodeAnswer(type: number, answer: Answer): Buffer {
  const out = Buffer.allocUnsafe(1 + ANSWER_BYTES + answer.seen.length);
  out[0] = type;
  out.writeUInt32BE(answer.request, 1);
  out.writeUInt32BE(answer.bytes, 5);
  out.writeUInt32BE(Math.min(0xffff_ffff, answer.heldMs), 9);
  out[13] = (answer.more ? FLAG.more : 0) | (answer.gone ? FLAG.gone : 0) | (answer.apart ? FLAG.apart : 0);
  out[14] = answer.seen.length;
  for (let i = 0; i < answer.seen.length; i++) out[1 + ANSWER_BYTES + i] = answer.seen[i];
  return out;
}

export function decodeAnswer(plain: Buffer): Answer {
  if (plain.length < 1 + ANSWER_BYTES) throw new CulvertError('ERR_FRAME', 'an ANSWER is cut short');
  const count = plain[14];
  if (count > MAX_POLL_NUMBERS || plain.length < 1 + ANSWER_BYTES + count) {
    throw new CulvertError('ERR_FRAME', `an ANSWER about ${count} requests`);
  }
  return {
    request: plain.readUInt32BE(1),
    bytes: plain.readUInt32BE(5),
    heldMs: plain.readUInt32BE(9),
    more: (plain[13] & FLAG.more) !== 0,
    gone: (plain[13] & FLAG.gone) !== 0,
    apart: (plain[13] & FLAG.apart) !== 0,
    seen: [...plain.subarray(1 + ANSWER_BYTES, 1 + ANSWER_BYTES + count)],
  };
}
