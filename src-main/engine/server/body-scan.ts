import type { BodyLength } from './head-scan.ts';

const CR = 0x0d;
const LF = 0x0a;
const SEMICOLON = 0x3b;
/** A chunk size with more hexadecimal digits than this may not be a safe integer. */
const MAX_SIZE_DIGITS = 12;

type ChunkState =
  | 'size'
  | 'extension'
  | 'sizeLf'
  | 'data'
  | 'dataCr'
  | 'dataLf'
  | 'trailerStart'
  | 'trailer'
  | 'trailerLf'
  | 'endLf';

/**
 * Walks over a request's body to find its end (RFC 9112 §6-§7). It changes nothing: the bytes go on as they came.
 * `broken` means that the chunked coding was violated, and that where the body ends is anyone's guess.
 */
export class BodyScanner {
  done = false;
  broken = false;
  private readonly chunked: boolean;
  /** Bytes left of the body, or of the chunk. */
  private left: number;
  private state: ChunkState = 'size';
  private digits = 0;

  constructor(length: BodyLength) {
    this.chunked = length.kind === 'chunked';
    this.left = length.kind === 'length' ? length.bytes : 0;
    this.done = length.kind === 'none' || (length.kind === 'length' && length.bytes === 0);
    this.broken = length.kind === 'opaque';
  }

  /**
   * Takes bytes from the front of `chunk` until the body ends; returns how many. `onContent` gets what they are
   * without the chunked coding.
   */
  take(chunk: Buffer, onContent?: (content: Buffer) => void): number {
    if (this.done || this.broken) return 0;
    if (this.chunked) return this.takeChunked(chunk, onContent);
    const taken = Math.min(chunk.length, this.left);
    this.left -= taken;
    this.done = this.left === 0;
    if (taken > 0) onContent?.(chunk.subarray(0, taken));
    return taken;
  }

  private takeChunked(chunk: Buffer, onContent: ((content: Buffer) => void) | undefined): number {
    let at = 0;
    while (at < chunk.length) {
      if (this.state === 'data') {
        const size = Math.min(chunk.length - at, this.left);
        onContent?.(chunk.subarray(at, at + size));
        at += size;
        this.left -= size;
        if (this.left === 0) this.state = 'dataCr';
        continue;
      }
      const next = this.step(chunk[at++]);
      if (next === 'broken') {
        this.broken = true;
        return at;
      }
      if (next === 'done') {
        this.done = true;
        return at;
      }
      this.state = next;
    }
    return at;
  }

  /** One byte of the coding; the state after it. */
  private step(byte: number): ChunkState | 'done' | 'broken' {
    switch (this.state) {
      case 'size': {
        const digit = hexDigit(byte);
        if (digit >= 0 && this.digits < MAX_SIZE_DIGITS) {
          this.left = this.left * 16 + digit;
          this.digits++;
          return 'size';
        }
        if (this.digits === 0) return 'broken';
        if (byte === CR) return 'sizeLf';
        return byte === SEMICOLON ? 'extension' : 'broken';
      }
      case 'extension':
        if (byte === LF) return 'broken';
        return byte === CR ? 'sizeLf' : 'extension';
      case 'sizeLf':
        this.digits = 0;
        if (byte !== LF) return 'broken';
        return this.left > 0 ? 'data' : 'trailerStart';
      case 'dataCr':
        return byte === CR ? 'dataLf' : 'broken';
      case 'dataLf':
        return byte === LF ? 'size' : 'broken';
      case 'trailerStart':
        if (byte === LF) return 'broken';
        return byte === CR ? 'endLf' : 'trailer';
      case 'trailer':
        if (byte === LF) return 'broken';
        return byte === CR ? 'trailerLf' : 'trailer';
      case 'trailerLf':
        return byte === LF ? 'trailerStart' : 'broken';
      default:
        return byte === LF ? 'done' : 'broken';
    }
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1;
}
