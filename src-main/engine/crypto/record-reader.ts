import { CulvertError } from '../base/errors.ts';
import { RECORD_HEADER, RECORD_TAG, type RecordKind } from './record.ts';
import type { Opening, RecordHeader, RecordOpener } from './record-opener.ts';
import { SMALL_GCM_BYTES } from './small-gcm.ts';

export interface RecordSink {
  /** Whether the record is wanted at all; a duplicate is skipped without being decrypted. */
  wants(kind: RecordKind, seq: number, length: number): boolean;
  /** A verified record. `pieces` together are its plaintext. */
  onRecord(kind: RecordKind, seq: number, pieces: Buffer[]): void;
}

/**
 * Reads sealed records from an ordered flow of bytes: a WebSocket's life, one HTTP body. Bytes are decrypted as
 * they arrive and without joining them, but handed on only after the record's tag has verified (I3).
 *
 * Memory: at most one record of plaintext.
 */
export class RecordReader {
  private readonly opener: RecordOpener;
  private readonly sink: RecordSink;
  private readonly block = Buffer.allocUnsafe(RECORD_HEADER);
  private have = 0;
  private header: RecordHeader | undefined;
  private opening: Opening | undefined;
  private left = 0;
  private pieces: Buffer[] = [];

  constructor(opener: RecordOpener, sink: RecordSink) {
    this.opener = opener;
    this.sink = sink;
  }

  /** Whether the flow may end here without having cut a record. */
  get atBoundary(): boolean {
    return this.header === undefined && this.have === 0;
  }

  /**
   * Takes the next bytes. Throws ERR_RECORD when they were not sealed by the peer: the flow is then of no use, the
   * session is unharmed.
   */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.header === undefined) {
        at = this.readHeader(chunk, at);
      } else if (this.left > 0) {
        const part = Math.min(this.left, chunk.length - at);
        if (this.opening !== undefined) {
          const whole = part === chunk.length ? chunk : chunk.subarray(at, at + part);
          this.opening.update(whole, this.pieces);
        }
        at += part;
        this.left -= part;
      } else {
        at = this.readTag(chunk, at);
      }
    }
  }

  private readHeader(chunk: Buffer, at: number): number {
    let block: Buffer = this.block;
    let blockAt = 0;
    let next: number;
    if (this.have === 0 && chunk.length - at >= RECORD_HEADER) {
      next = at + RECORD_HEADER;
      block = chunk;
      blockAt = at;
    } else {
      next =
        at + chunk.copy(this.block, this.have, at, Math.min(chunk.length, at + RECORD_HEADER - this.have));
      this.have += next - at;
      if (this.have < RECORD_HEADER) return next;
    }
    this.have = 0;
    const header = this.opener.header(block, blockAt);
    if (header === undefined) throw new CulvertError('ERR_RECORD', 'a record header is not from the peer');
    const wanted = this.sink.wants(header.kind, header.seq, header.length);
    const end = next + header.length + RECORD_TAG;
    if (header.length <= SMALL_GCM_BYTES && end <= chunk.length) {
      if (wanted) {
        const plain = this.opener.openSmall(header, chunk, next);
        if (plain === undefined) throw new CulvertError('ERR_RECORD', 'a record does not verify');
        this.sink.onRecord(header.kind, header.seq, [plain]);
      }
      return end;
    }
    this.header = header;
    this.left = header.length;
    this.opening = wanted ? this.opener.begin(header) : undefined;
    return next;
  }

  private readTag(chunk: Buffer, at: number): number {
    let tag: Buffer = this.block;
    let next: number;
    if (this.have === 0 && chunk.length - at >= RECORD_TAG) {
      next = at + RECORD_TAG;
      tag = chunk.subarray(at, next);
    } else {
      next = at + chunk.copy(this.block, this.have, at, Math.min(chunk.length, at + RECORD_TAG - this.have));
      this.have += next - at;
      if (this.have < RECORD_TAG) return next;
    }
    const { header, opening, pieces } = this;
    this.have = 0;
    this.header = undefined;
    this.opening = undefined;
    this.pieces = [];
    if (opening === undefined || header === undefined) return next;
    if (!opening.verify(tag)) throw new CulvertError('ERR_RECORD', 'a record does not verify');
    this.sink.onRecord(header.kind, header.seq, pieces);
    return next;
  }
}
