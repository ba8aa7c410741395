import { CulvertError } from '../base/errors.ts';
import { FRAME, FRAME_HEADER, type FrameType, MAX_FRAME_PAYLOAD, MAX_FRAME_TYPE } from './frame.ts';

export interface FrameSink {
  /** Part of a DATA frame; `more` when the same record has further data for this stream right behind it. */
  onData(id: number, chunk: Buffer, more: boolean): void;
  /** Any other frame, whole. */
  onFrame(type: Exclude<FrameType, 4>, id: number, payload: Buffer): void;
}

const EMPTY = Buffer.alloc(0);

/**
 * Cuts the plaintext of one record, given as pieces, into frames. DATA is handed on piece by piece without a
 * copy (a record arrives as the carrier's reads cut it); only a frame header or a small frame that straddles two
 * pieces is copied. Throws ERR_FRAME: the peer is authenticated, so that is a fault, not an attack.
 */
export function readFrames(pieces: readonly Buffer[], sink: FrameSink): void {
  let index = 0;
  let piece: Buffer = pieces.length > 0 ? pieces[0] : EMPTY;
  let at = 0;

  const left = (): boolean => {
    while (at === piece.length) {
      index++;
      if (index >= pieces.length) return false;
      piece = pieces[index];
      at = 0;
    }
    return true;
  };
  const take = (length: number): Buffer => {
    if (length === 0) return EMPTY;
    if (left() && piece.length - at >= length) {
      at += length;
      return piece.subarray(at - length, at);
    }
    const out = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      if (!left()) throw new CulvertError('ERR_FRAME', 'a frame is cut short');
      const part = Math.min(length - filled, piece.length - at);
      piece.copy(out, filled, at, at + part);
      filled += part;
      at += part;
    }
    return out;
  };

  while (left()) {
    const header = take(FRAME_HEADER);
    const type = header[0];
    const id = header.readUInt32BE(1);
    let length = (header[5] << 16) | (header[6] << 8) | header[7];
    if (type === 0 || type > MAX_FRAME_TYPE || length > MAX_FRAME_PAYLOAD) {
      throw new CulvertError('ERR_FRAME', `frame of type ${type} and length ${length}`);
    }
    if (type !== FRAME.data) {
      sink.onFrame(type as Exclude<FrameType, 4>, id, take(length));
      continue;
    }
    while (length > 0) {
      if (!left()) throw new CulvertError('ERR_FRAME', 'a DATA frame is cut short');
      const part = Math.min(length, piece.length - at);
      const chunk = part === piece.length ? piece : piece.subarray(at, at + part);
      at += part;
      length -= part;
      sink.onData(id, chunk, length > 0);
    }
  }
}
