/**
 * Datagrams inside the DATA of a stream whose protocol is UDP. A stream is bytes, so each is told with its length:
 *
 * ```
 *  0       1             3
 *  | kind  | length u16  | [address] | payload …
 * ```
 * The address is there in streams of many targets (`udpMany`), and not in those of one (`udp`): its form is that of
 * RFC 1928 §5, `type u8 | address | port u16`. Big-endian. Hex examples are in `engine/README.md`.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { CulvertError } from '../base/errors.ts';
import { ipv6Bytes, ipv6Text } from './inet.ts';

/** The most a datagram over IPv4 can hold: 65,535 less 20 bytes of IP and 8 of UDP header. */
export const MAX_DATAGRAM = 65_507;

export const DATAGRAM_KIND = {
  /** Payload, to or from the target. */
  datagram: 0,
  /** Instead of a payload: a failure of one datagram or more, one byte with the meaning of OPEN_FAILED's. */
  failure: 1,
} as const;

/** RFC 1928 §5. */
export const ADDRESS_TYPE = { ipv4: 1, name: 3, ipv6: 4 } as const;

export interface DatagramAddress {
  /** An IPv4 or IPv6 address without brackets, or a name of at most 255 bytes. */
  readonly host: string;
  readonly port: number;
}

export interface DatagramSink {
  /** `payload` is a view of what was pushed. */
  onDatagram(payload: Buffer, address: DatagramAddress | undefined): void;
  onFailure(failure: number, address: DatagramAddress | undefined): void;
}

const HEADER = 3;
const MAX_NAME_BYTES = 255;

/** Throws RangeError for a payload or a name that is too long: callers have checked. */
export function encodeDatagram(payload: Buffer, address?: DatagramAddress): Buffer {
  if (payload.length > MAX_DATAGRAM) throw new RangeError(`datagram of ${payload.length} bytes`);
  return encode(DATAGRAM_KIND.datagram, payload, address);
}

export function encodeDatagramFailure(failure: number, address?: DatagramAddress): Buffer {
  return encode(DATAGRAM_KIND.failure, Buffer.from([failure]), address);
}

function encode(kind: number, payload: Buffer, address: DatagramAddress | undefined): Buffer {
  const where = address === undefined ? undefined : encodeAddress(address);
  const start = HEADER + (where?.length ?? 0);
  const out = Buffer.allocUnsafe(start + payload.length);
  out[0] = kind;
  out.writeUInt16BE(payload.length, 1);
  where?.copy(out, HEADER);
  payload.copy(out, start);
  return out;
}

/** Of a datagram as `encodeDatagram` makes it. */
export function payloadLength(encoded: Buffer): number {
  return encoded.readUInt16BE(1);
}

/** `type u8 | address | port u16`. */
export function encodeAddress({ host, port }: DatagramAddress): Buffer {
  const [type, bytes] = addressBytes(host);
  const out = Buffer.allocUnsafe(3 + bytes.length);
  out[0] = type;
  bytes.copy(out, 1);
  out.writeUInt16BE(port, 1 + bytes.length);
  return out;
}

function addressBytes(host: string): readonly [type: number, bytes: Buffer] {
  if (isIPv4(host)) return [ADDRESS_TYPE.ipv4, Buffer.from(host.split('.').map(Number))];
  if (isIPv6(host)) return [ADDRESS_TYPE.ipv6, ipv6Bytes(host)];
  const name = Buffer.from(host, 'utf8');
  if (name.length === 0 || name.length > MAX_NAME_BYTES) throw new RangeError(`name of ${name.length} bytes`);
  return [ADDRESS_TYPE.name, Buffer.concat([Buffer.from([name.length]), name])];
}

/**
 * Cuts what a stream brings into datagrams, however it is cut itself. Keeps at most one incomplete datagram, as a
 * copy. Throws ERR_FRAME for what no peer sends; nothing may be pushed after that.
 */
export class DatagramReader {
  private readonly addressed: boolean;
  private held: Buffer[] = [];
  private heldBytes = 0;
  /** Held bytes below which nothing more is known. */
  private need = HEADER;

  /** `addressed`: each datagram comes with its address. */
  constructor(addressed: boolean) {
    this.addressed = addressed;
  }

  push(chunk: Buffer, sink: DatagramSink): void {
    let bytes = chunk;
    if (this.heldBytes > 0) {
      this.hold(chunk);
      if (this.heldBytes < this.need) return;
      bytes = Buffer.concat(this.held, this.heldBytes);
      this.held = [];
      this.heldBytes = 0;
    }
    let at = 0;
    for (;;) {
      const end = this.read(bytes, at, sink);
      if (end === 0) break;
      at = end;
    }
    if (at < bytes.length) this.hold(bytes.subarray(at));
  }

  private hold(chunk: Buffer): void {
    this.held.push(Buffer.from(chunk));
    this.heldBytes += chunk.length;
  }

  /** Reads one datagram at `at`; returns where it ends, or 0 when more than `need` says is not known yet. */
  private read(bytes: Buffer, at: number, sink: DatagramSink): number {
    const left = bytes.length - at;
    if (left < HEADER) return this.wants(HEADER);
    const kind = bytes[at];
    const length = bytes.readUInt16BE(at + 1);
    if (kind > DATAGRAM_KIND.failure) throw fault(`kind ${kind}`);
    if (length > MAX_DATAGRAM || (kind === DATAGRAM_KIND.failure && length === 0)) {
      throw fault(`kind ${kind} and ${length} bytes`);
    }
    const addressLength = this.addressed ? addressLengthAt(bytes, at + HEADER) : 0;
    // The type, and of a name its length, are all that has to be there to know.
    if (addressLength === 0 && this.addressed) return this.wants(HEADER + 2);
    const start = at + HEADER + addressLength;
    const end = start + length;
    if (end > bytes.length) return this.wants(end - at);
    const address = this.addressed ? addressAt(bytes, at + HEADER, start) : undefined;
    if (kind === DATAGRAM_KIND.failure) sink.onFailure(bytes[start], address);
    else sink.onDatagram(bytes.subarray(start, end), address);
    return end;
  }

  private wants(bytes: number): 0 {
    this.need = bytes;
    return 0;
  }
}

/** Of an address that starts at `at`; 0 when too little of it is there. */
function addressLengthAt(bytes: Buffer, at: number): number {
  if (bytes.length < at + 2) return 0;
  switch (bytes[at]) {
    case ADDRESS_TYPE.ipv4:
      return 1 + 4 + 2;
    case ADDRESS_TYPE.ipv6:
      return 1 + 16 + 2;
    case ADDRESS_TYPE.name:
      if (bytes[at + 1] === 0) throw fault('an empty name');
      return 1 + 1 + bytes[at + 1] + 2;
    default:
      throw fault(`address type ${bytes[at]}`);
  }
}

function addressAt(bytes: Buffer, at: number, end: number): DatagramAddress {
  const port = bytes.readUInt16BE(end - 2);
  switch (bytes[at]) {
    case ADDRESS_TYPE.ipv4:
      return { host: bytes.subarray(at + 1, at + 5).join('.'), port };
    case ADDRESS_TYPE.ipv6:
      return { host: ipv6Text(bytes.subarray(at + 1, at + 17)), port };
    default:
      return { host: bytes.toString('utf8', at + 2, end - 2), port };
  }
}

function fault(what: string): CulvertError {
  return new CulvertError('ERR_FRAME', `a datagram of ${what}`);
}
