/**
 * Mux frames: what the plaintext of a *reliable* record is made of. A record holds whole frames only.
 *
 * ```
 *  0        1                 5                 8
 *  | type   | stream id (u32) | length (u24)    | payload …
 * ```
 * All integers are big-endian. Layout, with hex examples, is specified in `engine/README.md`.
 */
export const FRAME_HEADER = 8;
/** The u24 would allow more; a frame never exceeds a record. */
export const MAX_FRAME_PAYLOAD = 256 << 10;

export const FRAME = {
  /** Target of a new stream. Data may follow at once. */
  open: 1,
  /** The far end connected. */
  opened: 2,
  /** The far end did not: u8 failure, then text in UTF-8. */
  openFailed: 3,
  data: 4,
  /** u32: further bytes that the peer may send on this stream. */
  credit: 5,
  /** No more data from this side. */
  fin: 6,
  /** u8 reason. Both directions are gone. */
  reset: 7,
  /** Stream id 0: no new streams, please. */
  goaway: 8,
  /** Stream id 0, first in a record: it may be delivered ahead of others (`wire/early.ts`). */
  early: 9,
} as const;
export type FrameType = (typeof FRAME)[keyof typeof FRAME];
export const MAX_FRAME_TYPE = FRAME.early;

/** Protocols a stream can carry at the far end (first byte of OPEN). */
export const STREAM_PROTOCOL = {
  tcp: 0,
  /** Datagrams to and from the target of OPEN (`wire/datagram.ts`). */
  udp: 1,
  /** Datagrams to and from many targets, each with its address; OPEN has an empty host and port 0. */
  udpMany: 2,
} as const;

const MAX_HOST_BYTES = 255;
const MAX_MESSAGE_BYTES = 512;

export function writeFrameHeader(out: Buffer, at: number, type: FrameType, id: number, length: number): void {
  out[at] = type;
  out.writeUInt32BE(id, at + 1);
  out[at + 5] = length >>> 16;
  out[at + 6] = (length >>> 8) & 0xff;
  out[at + 7] = length & 0xff;
}

/** A whole frame with a small payload. */
export function smallFrame(type: FrameType, id: number, payload?: Buffer): Buffer {
  const length = payload?.length ?? 0;
  const out = Buffer.allocUnsafe(FRAME_HEADER + length);
  writeFrameHeader(out, 0, type, id, length);
  payload?.copy(out, FRAME_HEADER);
  return out;
}

export function byteFrame(type: FrameType, id: number, value: number): Buffer {
  const out = Buffer.allocUnsafe(FRAME_HEADER + 1);
  writeFrameHeader(out, 0, type, id, 1);
  out[FRAME_HEADER] = value;
  return out;
}

export function creditFrame(id: number, credit: number): Buffer {
  const out = Buffer.allocUnsafe(FRAME_HEADER + 4);
  writeFrameHeader(out, 0, FRAME.credit, id, 4);
  out.writeUInt32BE(credit, FRAME_HEADER);
  return out;
}

/** Bit of OPEN's protocol byte: nobody waits for OPENED, it may leave with whatever is sent next. */
export const LAZY_OPENED = 0x80;

/** OPEN: u8 protocol (and flag), u16 port, u8 host length, host (UTF-8; empty = the server itself). */
export function openFrame(id: number, protocol: number, host: string, port: number): Buffer {
  const name = Buffer.from(host, 'utf8');
  if (name.length > MAX_HOST_BYTES) throw new RangeError(`host name of ${name.length} bytes`);
  const out = Buffer.allocUnsafe(FRAME_HEADER + 4 + name.length);
  writeFrameHeader(out, 0, FRAME.open, id, 4 + name.length);
  out[FRAME_HEADER] = protocol;
  out.writeUInt16BE(port, FRAME_HEADER + 1);
  out[FRAME_HEADER + 3] = name.length;
  name.copy(out, FRAME_HEADER + 4);
  return out;
}

/** The payload of OPEN, or undefined when it is malformed. */
export function readOpen(
  payload: Buffer,
): { protocol: number; lazy: boolean; host: string; port: number } | undefined {
  if (payload.length < 4 || payload.length !== 4 + payload[3]) return undefined;
  const port = payload.readUInt16BE(1);
  const protocol = payload[0] & ~LAZY_OPENED;
  if (port === 0 && protocol !== STREAM_PROTOCOL.udpMany) return undefined;
  return { protocol, lazy: (payload[0] & LAZY_OPENED) !== 0, port, host: payload.toString('utf8', 4) };
}

export function openFailedFrame(id: number, failure: number, message: string): Buffer {
  const text = Buffer.from(message, 'utf8').subarray(0, MAX_MESSAGE_BYTES);
  return smallFrame(FRAME.openFailed, id, Buffer.concat([Buffer.from([failure]), text]));
}

export function readOpenFailed(payload: Buffer): { failure: number; message: string } | undefined {
  if (payload.length < 1 || payload.length > 1 + MAX_MESSAGE_BYTES) return undefined;
  return { failure: payload[0], message: payload.toString('utf8', 1) };
}
