import { CulvertError } from '../base/errors.ts';
import { FRAME, FRAME_HEADER, type FrameType, MAX_FRAME_PAYLOAD, MAX_FRAME_TYPE } from './frame.ts';

export interface FrameSink {
  /** A DATA frame, as the record's pieces cut it. True when the chunks are not kept. */
  onData(id: number, chunks: readonly Buffer[], length: number): boolean;
  /** Any other frame, whole. */
  onFrame(type: Exclude<FrameType, 4>, id: number, payload: Buffer): void;
}

const EMPTY = Buffer.alloc(0);

/**
 * Cuts the plaintext of one record, given as pieces, into frames. DATA is handed on piece by piece without a
 * copy (a record arrives as the carrier's reads cut it); only a frame header or a small frame that straddles two
 * pieces is copied. Returns whether nothing of the pieces is kept. Throws ERR_FRAME: the peer is authenticated, so that
 * is a fault, not an attack.
 */
export function readFrames(pieces: readonly Buffer[], sink: FrameSink): boolean {
  let index = 0;
  let piece: Buffer = pieces.length > 0 ? pieces[0] : EMPTY;
  let at = 0;
  let free = true;

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
    let header = piece;
    let h = at;
    if (piece.length - at >= FRAME_HEADER) at += FRAME_HEADER;
    else {
      header = take(FRAME_HEADER);
      h = 0;
    }
    const type = header[h];
    const id = header.readUInt32BE(h + 1);
    const length = (header[h + 5] << 16) | (header[h + 6] << 8) | header[h + 7];
    if (type === 0 || type > MAX_FRAME_TYPE || length > MAX_FRAME_PAYLOAD) {
      throw new CulvertError('ERR_FRAME', `frame of type ${type} and length ${length}`);
    }
    if (type !== FRAME.data) {
      sink.onFrame(type as Exclude<FrameType, 4>, id, take(length));
      continue;
    }
    const chunks: Buffer[] = [];
    for (let missing = length; missing > 0; ) {
      if (!left()) throw new CulvertError('ERR_FRAME', 'a DATA frame is cut short');
      const part = Math.min(missing, piece.length - at);
      chunks.push(part === piece.length ? piece : piece.subarray(at, at + part));
      at += part;
      missing -= part;
    }
    if (length > 0 && !sink.onData(id, chunks, length)) free = false;
  }
  return free;
}
