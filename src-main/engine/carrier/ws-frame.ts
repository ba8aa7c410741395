/**
 * RFC 6455 framing of binary messages on a raw socket. Plain `ws` costs three to four times the receiver's CPU:
 * it joins and unmasks what is ciphertext anyway. Here payload passes as the reads cut it.
 */
import { CulvertError } from '../base/errors.ts';

const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
/** A frame may be any size (it is never buffered); beyond this the length field is nonsense. */
const MAX_FRAME = 2 ** 40;
const MAX_CONTROL = 125;
/** From here on a message's length has 8 bytes in the header, and it is worth reading up to its end. */
const LONG_FRAME = 64 << 10;

/**
 * Header of one binary message. A client must mask (§5.3); its key is zero, which leaves the payload as it is.
 * The mask exists against scripts that steer what a cache sees; our payload is ciphertext, which nobody steers.
 */
export function binaryHeader(length: number, masked: boolean): Buffer {
  return frameHeader(OPCODE.binary, length, masked);
}

function frameHeader(opcode: number, length: number, masked: boolean): Buffer {
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const out = Buffer.allocUnsafe(2 + extended + (masked ? 4 : 0));
  out[0] = 0x80 | opcode;
  out[1] = (masked ? 0x80 : 0) | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) out.writeUInt16BE(length, 2);
  if (extended === 8) {
    out.writeUInt16BE(0, 2);
    out.writeUIntBE(length, 4, 6);
  }
  if (masked) out.writeUInt32BE(0, 2 + extended);
  return out;
}

export function closeFrame(code: number, masked: boolean): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return Buffer.concat([frameHeader(OPCODE.close, 2, masked), payload]);
}

export function pongFrame(payload: Buffer, masked: boolean): Buffer {
  return Buffer.concat([frameHeader(OPCODE.pong, payload.length, masked), payload]);
}

export interface WsFrameSink {
  /** Part of a binary message. Message boundaries mean nothing to records. */
  onPayload(chunk: Buffer): void;
  onPing(payload: Buffer): unknown;
  /** Status code of the peer's close frame; 1005 when it had none. */
  onCloseFrame(code: number): void;
}

/** Incremental frame reader. Throws ERR_CARRIER_LOST on what RFC 6455 forbids. */
export class WsFrameReader {
  private readonly sink: WsFrameSink;
  /** Whether the peer must mask: true on a server. */
  private readonly expectMask: boolean;
  private readonly header = Buffer.allocUnsafe(14);
  private have = 0;
  private need = 2;
  private inPayload = false;
  private opcode = 0;
  private left = 0;
  private isLong = false;
  private control: Buffer[] = [];
  private mask: Buffer | undefined;
  private maskAt = 0;
  private fragmented = false;

  constructor(sink: WsFrameSink, expectMask: boolean) {
    this.sink = sink;
    this.expectMask = expectMask;
  }

  /**
   * How much to read next, at most `usual`: of a long message just the rest, and the header of the next one. Then a message is
   * mostly read in one piece, which is decrypted, checked and written on as one. Cut anywhere it has two, and as many
   * system calls more, at the next socket, too.
   */
  nextRead(usual: number): number {
    if (!this.inPayload || !this.isLong) return usual;
    return Math.min(usual, this.left + 10 + (this.expectMask ? 4 : 0));
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length || (this.inPayload && this.left === 0)) {
      if (!this.inPayload) {
        at += this.readHeader(chunk, at);
        continue;
      }
      const part = Math.min(this.left, chunk.length - at);
      const payload = part === chunk.length ? chunk : chunk.subarray(at, at + part);
      at += part;
      this.left -= part;
      this.onPayload(payload);
      if (this.left === 0) this.endFrame();
    }
  }

  private readHeader(chunk: Buffer, at: number): number {
    const part = Math.min(chunk.length - at, this.need - this.have);
    for (let i = 0; i < part; i++) this.header[this.have + i] = chunk[at + i];
    this.have += part;
    if (this.have < this.need) return part;
    const { header } = this;
    if (this.need === 2) {
      const short = header[1] & 0x7f;
      this.need = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + ((header[1] & 0x80) !== 0 ? 4 : 0);
      if (this.need > 2) return part;
    }
    this.beginFrame();
    return part;
  }

  private beginFrame(): void {
    const { header } = this;
    const final = (header[0] & 0x80) !== 0;
    const masked = (header[1] & 0x80) !== 0;
    const short = header[1] & 0x7f;
    this.opcode = header[0] & 0x0f;
    let length = short;
    if (short === 126) length = header.readUInt16BE(2);
    if (short === 127) length = header.readUInt32BE(2) * 0x1_0000_0000 + header.readUInt32BE(6);
    if ((header[0] & 0x70) !== 0) throw broken('reserved bits are set');
    if (masked !== this.expectMask) throw broken(masked ? 'a server must not mask' : 'a client must mask');
    if (length > MAX_FRAME) throw broken(`a frame of ${length} bytes`);
    const isControl = this.opcode >= OPCODE.close;
    if (isControl && (!final || length > MAX_CONTROL))
      throw broken('a control frame is fragmented or too long');
    if (!isControl) this.checkFragment(final);
    this.mask = undefined;
    if (masked && header.readUInt32BE(this.need - 4) !== 0) {
      this.mask = Buffer.from(header.subarray(this.need - 4, this.need));
    }
    this.maskAt = 0;
    this.left = length;
    this.isLong = length >= LONG_FRAME;
    this.inPayload = true;
    this.have = 0;
    this.need = 2;
  }

  private checkFragment(final: boolean): void {
    const isContinuation = this.opcode === OPCODE.continuation;
    if (isContinuation !== this.fragmented) throw broken('a fragment is out of place');
    if (this.opcode !== OPCODE.binary && !isContinuation) throw broken(`opcode ${this.opcode}`);
    this.fragmented = !final;
  }

  private onPayload(payload: Buffer): void {
    if (payload.length === 0) return;
    let plain = payload;
    if (this.mask !== undefined) {
      plain = Buffer.allocUnsafe(payload.length);
      for (let i = 0; i < payload.length; i++) plain[i] = payload[i] ^ this.mask[(this.maskAt + i) & 3];
      this.maskAt += payload.length;
    }
    if (this.opcode >= OPCODE.close) this.control.push(Buffer.from(plain));
    else this.sink.onPayload(plain);
  }

  private endFrame(): void {
    this.inPayload = false;
    if (this.opcode < OPCODE.close) return;
    const payload = Buffer.concat(this.control);
    this.control = [];
    if (this.opcode === OPCODE.ping) this.sink.onPing(payload);
    else if (this.opcode === OPCODE.close)
      this.sink.onCloseFrame(payload.length >= 2 ? payload.readUInt16BE(0) : 1005);
    else if (this.opcode !== OPCODE.pong) throw broken(`opcode ${this.opcode}`);
  }
}

function broken(what: string): CulvertError {
  return new CulvertError('ERR_CARRIER_LOST', `the WebSocket broke RFC 6455: ${what}`);
}
