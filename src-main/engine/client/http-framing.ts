import {
  type HeaderField,
  type HttpBad,
  MAX_HEAD_BYTES,
  type RequestHead,
  type ResponseHead,
  tokensOf,
  valuesOf,
} from './http-head.ts';

/** How the end of a message's body is found, RFC 9112 §6.3. */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'untilClose' };

const NONE: Framing = { kind: 'none' };

/** The framing of a request body. Anything that two parsers could read in two ways is refused. */
export function requestFraming(head: RequestHead): Framing | HttpBad {
  const lengths = valuesOf(head.fields, 'content-length');
  if (valuesOf(head.fields, 'transfer-encoding').length > 0) {
    if (lengths.length > 0) return bad(400, 'both Transfer-Encoding and Content-Length');
    if (head.minor === 0) return bad(400, 'Transfer-Encoding in HTTP/1.0');
    return endsChunked(head.fields)
      ? { kind: 'chunked' }
      : bad(400, 'the final transfer coding is not chunked');
  }
  if (lengths.length === 0) return NONE;
  if (lengths.length > 1) return bad(400, 'more than one Content-Length');
  const bytes = lengthOf(lengths[0]);
  return bytes === undefined ? bad(400, 'Content-Length is not a number') : framed(bytes);
}

/** The framing of a final response to a request of `method`. Repeated equal lengths are tolerated. */
export function responseFraming(method: string, head: ResponseHead): Framing | HttpBad {
  if (method === 'HEAD' || head.status < 200 || head.status === 204 || head.status === 304) return NONE;
  if (valuesOf(head.fields, 'transfer-encoding').length > 0) {
    return endsChunked(head.fields) ? { kind: 'chunked' } : { kind: 'untilClose' };
  }
  const lengths = new Set(tokensOf(head.fields, 'content-length'));
  if (lengths.size === 0) return { kind: 'untilClose' };
  const bytes = lengthOf([...lengths][0]);
  if (lengths.size > 1 || bytes === undefined) return bad(502, 'Content-Length is not one number');
  return framed(bytes);
}

/** The longest chunk-size line, extensions included, in bytes. */
export const MAX_CHUNK_LINE_BYTES = 4096;

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const SEMICOLON = 0x3b;

type ChunkState =
  | 'size'
  | 'padding'
  | 'extension'
  | 'sizeLf'
  | 'data'
  | 'dataCr'
  | 'dataLf'
  | 'trailer'
  | 'trailerLf';

/**
 * Finds the end of a body in a sequence of chunks, without changing or keeping a byte. Chunked framing follows
 * RFC 9112 §7.1, with CRLF only and space allowed after the size, which old servers pad.
 */
export class BodyTracker {
  /** The body has ended; for `untilClose` it never has. */
  done: boolean;
  private readonly framing: Framing;
  private left: number;
  private state: ChunkState = 'size';
  private digits = 0;
  private line = 0;
  private trailer = 0;

  constructor(framing: Framing) {
    this.framing = framing;
    this.left = framing.kind === 'length' ? framing.bytes : 0;
    this.done = framing.kind === 'none';
  }

  /** How many bytes of `chunk` belong to the body, or -1 when its framing is malformed. */
  take(chunk: Buffer): number {
    if (this.done) return 0;
    switch (this.framing.kind) {
      case 'none':
        return 0;
      case 'untilClose':
        return chunk.length;
      case 'length': {
        const used = Math.min(this.left, chunk.length);
        this.left -= used;
        this.done = this.left === 0;
        return used;
      }
      case 'chunked':
        return this.takeChunked(chunk);
    }
  }

  private takeChunked(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && !this.done) {
      if (this.state === 'data') {
        const used = Math.min(this.left, chunk.length - at);
        this.left -= used;
        at += used;
        if (this.left === 0) this.state = 'dataCr';
      } else if (!this.step(chunk[at++])) return -1;
    }
    return at;
  }

  /** One byte of framing; false when it is malformed. */
  private step(byte: number): boolean {
    switch (this.state) {
      case 'size': {
        const digit = hexDigit(byte);
        if (digit < 0) return this.digits > 0 && this.afterSize(byte);
        // 13 digits stay below 2^53.
        if (++this.digits > 13) return false;
        this.left = this.left * 16 + digit;
        return true;
      }
      case 'padding':
        return this.afterSize(byte);
      case 'extension':
        if (byte === CR) this.state = 'sizeLf';
        return byte !== LF && byte !== 0 && ++this.line <= MAX_CHUNK_LINE_BYTES;
      case 'sizeLf':
        this.state = this.left === 0 ? 'trailer' : 'data';
        this.digits = 0;
        this.line = 0;
        return byte === LF;
      case 'dataCr':
        this.state = 'dataLf';
        return byte === CR;
      case 'dataLf':
        this.state = 'size';
        return byte === LF;
      case 'trailer':
        if (byte === CR) this.state = 'trailerLf';
        else this.line++;
        return byte !== LF && byte !== 0 && ++this.trailer <= MAX_HEAD_BYTES;
      case 'trailerLf':
        this.done = this.line === 0;
        this.line = 0;
        this.state = 'trailer';
        return byte === LF;
      case 'data':
        return false;
    }
  }

  private afterSize(byte: number): boolean {
    if (byte === CR) this.state = 'sizeLf';
    else if (byte === SEMICOLON) this.state = 'extension';
    else if (byte === SPACE || byte === TAB) this.state = 'padding';
    else return false;
    return ++this.line <= MAX_CHUNK_LINE_BYTES;
  }
}

function framed(bytes: number): Framing {
  return bytes === 0 ? NONE : { kind: 'length', bytes };
}

function lengthOf(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function endsChunked(fields: readonly HeaderField[]): boolean {
  const codings = tokensOf(fields, 'transfer-encoding');
  return codings.length > 0 && codings.indexOf('chunked') === codings.length - 1;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function bad(status: number, reason: string): HttpBad {
  return { kind: 'bad', status, reason };
}
