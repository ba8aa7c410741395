/**
 * Reads HTTP/1.x responses from a byte stream (RFC 9112), one after another. Proxies of every age are between, so it
 * is lenient where leniency is harmless: bare LF, any case, missing reason. Whether a body is whole is judged above,
 * by the sealed length inside it.
 */
import { CulvertError } from '../../base/errors.ts';

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  /** By lower-case name; `set-cookie` keeps each line, of all others the first counts. */
  readonly headers: ReadonlyMap<string, string>;
  readonly setCookies: readonly string[];
  /** The connection may be used again once the body has ended. */
  readonly keepAlive: boolean;
}

export interface ResponseSink {
  onHead(head: ResponseHead): void;
  /** Part of the body; valid during the call only. */
  onBody(chunk: Buffer): void;
  onEnd(): void;
}

const MAX_HEAD = 64 << 10;
const MAX_LINE = 4096;
const LF = 0x0a;
const EMPTY = Buffer.alloc(0);

type State = 'head' | 'length' | 'close' | 'chunkSize' | 'chunk' | 'chunkEnd' | 'trailer';

export class ResponseParser {
  private readonly sink: ResponseSink;
  private state: State = 'head';
  private held: Buffer = EMPTY;
  private left = 0;
  private trailerBytes = 0;

  constructor(sink: ResponseSink) {
    this.sink = sink;
  }

  /** Bytes of a response were read and its end was not. */
  get isInside(): boolean {
    return this.state !== 'head' || this.held.length > 0;
  }

  /** Throws ERR_CARRIER_LOST on what is no HTTP/1.x response. */
  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) rest = this.step(rest);
  }

  /** The connection ended. True: it was the end of a body. */
  eof(): boolean {
    if (this.state !== 'close') return false;
    this.end();
    return true;
  }

  private step(rest: Buffer): Buffer {
    switch (this.state) {
      case 'head':
        return this.stepHead(rest);
      case 'close':
        this.sink.onBody(rest);
        return EMPTY;
      case 'length':
      case 'chunk': {
        const part = rest.length <= this.left ? rest : rest.subarray(0, this.left);
        this.left -= part.length;
        this.sink.onBody(part);
        if (this.left === 0) {
          if (this.state === 'length') this.end();
          else this.state = 'chunkEnd';
        }
        return rest.subarray(part.length);
      }
      default:
        return this.stepLine(rest);
    }
  }

  private stepHead(rest: Buffer): Buffer {
    const before = this.held.length;
    const all = before === 0 ? rest : Buffer.concat([this.held, rest]);
    const end = headEnd(all, Math.max(0, before - 3));
    if (end < 0) {
      if (all.length > MAX_HEAD) throw broken('a response head of more than 64 KiB');
      // A copy: the chunk is the caller's again afterwards.
      this.held = before === 0 ? Buffer.from(rest) : all;
      return EMPTY;
    }
    this.held = EMPTY;
    const text = all.toString('latin1', 0, end);
    const after = rest.subarray(end - before);
    const status = statusOf(text);
    // 100 Continue, 103 Early Hints: the response is still to come.
    if (status >= 100 && status < 200) return after;
    this.begin(parseHead(text));
    return after;
  }

  private begin(parsed: { head: ResponseHead; length: number | 'chunked' | 'close' }): void {
    const { head, length } = parsed;
    if (length === 'chunked') this.state = 'chunkSize';
    else if (length === 'close') this.state = 'close';
    else {
      this.state = 'length';
      this.left = length;
    }
    this.sink.onHead(head);
    if (length === 0) this.end();
  }

  /** Chunk sizes, the line end behind a chunk, trailers: short lines. */
  private stepLine(rest: Buffer): Buffer {
    const at = rest.indexOf(LF);
    const part = at < 0 ? rest : rest.subarray(0, at + 1);
    this.held = Buffer.concat([this.held, part]);
    if (this.held.length > MAX_LINE) throw broken('an endless chunk line');
    if (at < 0) return EMPTY;
    const line = this.held.toString('latin1').trim();
    this.held = EMPTY;
    this.onLine(line);
    return rest.subarray(at + 1);
  }

  private onLine(line: string): void {
    if (this.state === 'chunkEnd') {
      if (line !== '') throw broken('a chunk without its end');
      this.state = 'chunkSize';
    } else if (this.state === 'chunkSize') {
      const size = line.split(';', 1)[0].trim();
      if (!/^[0-9a-fA-F]{1,12}$/.test(size)) throw broken('a chunk without a size');
      this.left = Number.parseInt(size, 16);
      this.state = this.left === 0 ? 'trailer' : 'chunk';
      this.trailerBytes = 0;
    } else {
      this.trailerBytes += line.length;
      if (this.trailerBytes > MAX_HEAD) throw broken('endless trailers');
      if (line === '') this.end();
    }
  }

  private end(): void {
    this.state = 'head';
    this.sink.onEnd();
  }
}

/** Where the empty line that ends a head ends; -1 = not yet. */
function headEnd(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(LF, from); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2;
    if (bytes[at + 1] === 0x0d && bytes[at + 2] === LF) return at + 3;
  }
  return -1;
}

const STATUS_LINE = /^HTTP\/1\.([01]) +([0-9]{3})(?: +([^\r\n]*))?\r?\n/;

function statusOf(text: string): number {
  const match = STATUS_LINE.exec(text);
  if (match === null) throw broken('the answer is no HTTP/1 response');
  return Number(match[2]);
}

function parseHead(text: string): { head: ResponseHead; length: number | 'chunked' | 'close' } {
  const match = STATUS_LINE.exec(text);
  if (match === null) throw broken('the answer is no HTTP/1 response');
  const headers = new Map<string, string>();
  const setCookies: string[] = [];
  for (const line of text.slice(match[0].length).split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'set-cookie') setCookies.push(value);
    else if (!headers.has(name)) headers.set(name, value);
  }
  const status = Number(match[2]);
  const connection =
    `${headers.get('connection') ?? ''},${headers.get('proxy-connection') ?? ''}`.toLowerCase();
  const length = bodyLength(status, headers);
  const persistent = match[1] === '1' ? !/\bclose\b/.test(connection) : /\bkeep-alive\b/.test(connection);
  const keepAlive = persistent && length !== 'close';
  return { head: { status, reason: match[3]?.trim() ?? '', headers, setCookies, keepAlive }, length };
}

/** RFC 9112 §6.3, for the response to a POST. */
function bodyLength(status: number, headers: ReadonlyMap<string, string>): number | 'chunked' | 'close' {
  if (status === 204 || status === 304) return 0;
  const coding = headers.get('transfer-encoding')?.toLowerCase();
  if (coding !== undefined && coding !== 'identity') return coding.endsWith('chunked') ? 'chunked' : 'close';
  const given = headers.get('content-length');
  if (given === undefined) return 'close';
  if (!/^[0-9]{1,15}$/.test(given)) throw broken('a response of no sensible length');
  return Number(given);
}

function broken(what: string): CulvertError {
  return new CulvertError('ERR_CARRIER_LOST', what);
}
