/**
 * Control records: never resent, each complete in itself. Plaintext: u8 type, then the fields below, big-endian.
 */
import { CulvertError } from '../base/errors.ts';
import { type CarrierControl, decodeAnswer, decodePoll, encodeAnswer, encodePoll } from './poll.ts';

export const CONTROL = {
  ack: 1,
  ping: 2,
  pong: 3,
  attach: 4,
  attached: 5,
  close: 6,
  poll: 7,
  answer: 8,
} as const;

/** What was received: everything below `next`, and the ranges `[from, to)` above it. */
export interface AckState {
  next: number;
  ranges: ReadonlyArray<readonly [from: number, to: number]>;
}

export type Control =
  | { type: 'ack'; ack: AckState }
  /** `token` comes back in the PONG: the authenticated echo a path is judged by. */
  | { type: 'ping'; token: number; ack: AckState }
  | { type: 'pong'; token: number; ack: AckState }
  /** First record on a further carrier of a session; later on it, the client's choice of it. */
  | { type: 'attach'; mode: AttachMode; ack: AckState }
  | { type: 'attached'; ack: AckState }
  /** The session is over, in order. */
  | { type: 'close' }
  | CarrierControl;

/**
 * What an ATTACH asks the server to do with the carrier it came on, which is a further one as the client's first
 * flight, and within a flow one that the client has chosen.
 */
export const ATTACH_MODES = {
  /** Attach it and send on as before: the client tries whether it is better. */
  probe: 0,
  /** Send on it; all others are dead. */
  replace: 1,
  /** Send on it; the others may still bring something. */
  use: 2,
} as const;
export type AttachMode = keyof typeof ATTACH_MODES;

/** Ranges above the first gap that one ACK names; the rest waits for a later one. */
export const MAX_ACK_RANGES = 32;

const TYPE_NAMES = new Map<number, keyof typeof CONTROL>(
  Object.entries(CONTROL).map(([name, value]) => [value, name as keyof typeof CONTROL]),
);

const MODE_NAMES = new Map<number, AttachMode>(
  Object.entries(ATTACH_MODES).map(([name, value]) => [value, name as AttachMode]),
);

function writeU64(out: Buffer, value: number, at: number): number {
  out.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
  out.writeUInt32BE(value >>> 0, at + 4);
  return at + 8;
}

function readU64(from: Buffer, at: number): number {
  const value = from.readUInt32BE(at) * 0x1_0000_0000 + from.readUInt32BE(at + 4);
  if (!Number.isSafeInteger(value)) throw new CulvertError('ERR_FRAME', 'a number is out of range');
  return value;
}

const ackLength = (ack: AckState): number => 9 + Math.min(ack.ranges.length, MAX_ACK_RANGES) * 8;

/** next u64, count u8, then per range: gap from the end of the one before u32, length u32. */
function writeAck(out: Buffer, ack: AckState, start: number): void {
  let at = writeU64(out, ack.next, start);
  const count = Math.min(ack.ranges.length, MAX_ACK_RANGES);
  out[at++] = count;
  let last = ack.next;
  for (let i = 0; i < count; i++) {
    const [from, to] = ack.ranges[i];
    out.writeUInt32BE(from - last, at);
    out.writeUInt32BE(to - from, at + 4);
    at += 8;
    last = to;
  }
}

function readAck(from: Buffer, start: number): AckState {
  if (from.length < start + 9) throw new CulvertError('ERR_FRAME', 'an ACK is cut short');
  const next = readU64(from, start);
  const count = from[start + 8];
  if (count > MAX_ACK_RANGES || from.length < start + 9 + count * 8) {
    throw new CulvertError('ERR_FRAME', `an ACK of ${count} ranges`);
  }
  const ranges: [number, number][] = [];
  let last = next;
  for (let i = 0; i < count; i++) {
    const at = start + 9 + i * 8;
    const begin = last + from.readUInt32BE(at);
    const end = begin + from.readUInt32BE(at + 4);
    ranges.push([begin, end]);
    last = end;
  }
  return { next, ranges };
}

export function encodeControl(control: Control): Buffer {
  switch (control.type) {
    case 'ack':
    case 'attached': {
      const out = Buffer.allocUnsafe(1 + ackLength(control.ack));
      out[0] = CONTROL[control.type];
      writeAck(out, control.ack, 1);
      return out;
    }
    case 'attach': {
      const out = Buffer.allocUnsafe(2 + ackLength(control.ack));
      out[0] = CONTROL.attach;
      out[1] = ATTACH_MODES[control.mode];
      writeAck(out, control.ack, 2);
      return out;
    }
    case 'ping':
    case 'pong': {
      const out = Buffer.allocUnsafe(5 + ackLength(control.ack));
      out[0] = CONTROL[control.type];
      out.writeUInt32BE(control.token, 1);
      writeAck(out, control.ack, 5);
      return out;
    }
    case 'close':
      return Buffer.from([CONTROL.close]);
    case 'poll':
      return encodePoll(CONTROL.poll, control);
    case 'answer':
      return encodeAnswer(CONTROL.answer, control);
  }
}

function readMode(value: number): AttachMode {
  const mode = MODE_NAMES.get(value);
  if (mode === undefined) throw new CulvertError('ERR_FRAME', `an ATTACH of mode ${value}`);
  return mode;
}

/** Throws ERR_FRAME on anything malformed. Bytes behind the fields are padding. */
export function decodeControl(plain: Buffer): Control {
  const type = TYPE_NAMES.get(plain[0]);
  switch (type) {
    case 'ack':
    case 'attached':
      return { type, ack: readAck(plain, 1) };
    case 'attach':
      return { type, mode: readMode(plain[1]), ack: readAck(plain, 2) };
    case 'ping':
    case 'pong':
      if (plain.length < 5) throw new CulvertError('ERR_FRAME', `a ${type} is cut short`);
      return { type, token: plain.readUInt32BE(1), ack: readAck(plain, 5) };
    case 'close':
      return { type };
    case 'poll':
      return { type, ...decodePoll(plain) };
    case 'answer':
      return { type, ...decodeAnswer(plain) };
    case undefined:
      throw new CulvertError('ERR_FRAME', `control record of type ${plain[0]}`);
  }
}
