/**
 * The segment of KCP as the reference `ikcp` writes it, little-endian (alone in Culvert, whose own formats are
 * big-endian):
 *
 *   conv u32 | cmd u8 | frg u8 | wnd u16 | ts u32 | sn u32 | una u32 | len u32 | len bytes
 *
 * `conv` names the connection, `frg` counts the fragments of a message that follow, `wnd` is how many segments the
 * sender of this one can still take, `ts` its clock (ms; an ACK gives back the other side's), `una` the number below
 * which it has everything.
 */
export const SEGMENT_HEADER = 24;

export const CMD = { push: 81, ack: 82, windowAsk: 83, windowTell: 84 } as const;

export interface Segment {
  conv: number;
  cmd: number;
  frg: number;
  wnd: number;
  ts: number;
  sn: number;
  una: number;
  /** Of its data. */
  length: number;
}

/** Writes the header at `at`; gives the place behind it. */
export function writeSegment(out: Buffer, at: number, segment: Segment): number {
  out.writeUInt32LE(segment.conv, at);
  out[at + 4] = segment.cmd;
  out[at + 5] = segment.frg;
  out.writeUInt16LE(segment.wnd & 0xffff, at + 6);
  out.writeUInt32LE(segment.ts, at + 8);
  out.writeUInt32LE(segment.sn, at + 12);
  out.writeUInt32LE(segment.una, at + 16);
  out.writeUInt32LE(segment.length, at + 20);
  return at + SEGMENT_HEADER;
}

/** Reads a header. The caller has checked that `SEGMENT_HEADER` bytes are there. */
export function readSegment(from: Buffer, at: number): Segment {
  return {
    conv: from.readUInt32LE(at),
    cmd: from[at + 4],
    frg: from[at + 5],
    wnd: from.readUInt16LE(at + 6),
    ts: from.readUInt32LE(at + 8),
    sn: from.readUInt32LE(at + 12),
    una: from.readUInt32LE(at + 16),
    length: from.readUInt32LE(at + 20),
  };
}

export function isCommand(cmd: number): boolean {
  return cmd >= CMD.push && cmd <= CMD.windowTell;
}

/** How far `later` is ahead of `earlier`: both wrap at 2^32, the difference is taken as signed. */
export function ahead(later: number, earlier: number): number {
  return (later - earlier) | 0;
}

export interface ReadSegment {
  segment: Segment;
  data: Buffer;
}

/** All segments of a datagram; undefined when anything in it is malformed or of none of the connections. */
export function readSegments(bytes: Buffer, convs: readonly number[]): ReadSegment[] | undefined {
  const found: ReadSegment[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < SEGMENT_HEADER) return undefined;
    const segment = readSegment(bytes, at);
    const end = at + SEGMENT_HEADER + segment.length;
    if (!convs.includes(segment.conv) || !isCommand(segment.cmd) || end > bytes.length) return undefined;
    found.push({ segment, data: bytes.subarray(at + SEGMENT_HEADER, end) });
    at = end;
  }
  return found;
}
