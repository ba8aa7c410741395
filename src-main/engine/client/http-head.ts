import { MORE, type More } from './step.ts';

/*
 * HTTP/1.x message heads, RFC 9112 §2-§5. Text is latin1, so every byte survives being parsed and printed.
 * Requests come from the local application and are held to the letter, because two readings of one request are
 * how requests are smuggled. Responses come from any server on the net, and are read as browsers read them.
 */

/** The longest request or response head, from its first byte to its empty line, in bytes. */
export const MAX_HEAD_BYTES = 64 * 1024;

export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

/** A message that must not be forwarded. `status` is the response a client gets for it. */
export interface HttpBad {
  readonly kind: 'bad';
  readonly status: number;
  readonly reason: string;
}

export interface RequestHead {
  readonly kind: 'request';
  readonly method: string;
  /** The request-target as received. */
  readonly target: string;
  /** The minor version: 0 or 1. */
  readonly minor: 0 | 1;
  readonly fields: readonly HeaderField[];
  readonly rest: Buffer;
}

export interface ResponseHead {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
  readonly minor: 0 | 1;
  readonly fields: readonly HeaderField[];
  readonly rest: Buffer;
}

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([!-~\x80-\xff]+) HTTP\/(\d)\.(\d)$/;
const STATUS_LINE = /^HTTP\/1\.(\d) +([1-9]\d\d)(?: (.*))?$/;

const CR = 0x0d;
const LF = 0x0a;

/** Parses a request head. Empty lines before it are skipped (RFC 9112 §2.2). */
export function parseRequestHead(bytes: Buffer): More | HttpBad | RequestHead {
  let start = 0;
  while (bytes[start] === CR && bytes[start + 1] === LF) start += 2;
  const end = bytes.indexOf('\r\n\r\n', start, 'latin1');
  if (end < 0 ? bytes.length > MAX_HEAD_BYTES : end + 4 > MAX_HEAD_BYTES) {
    return bad(431, `the request head is longer than ${MAX_HEAD_BYTES} bytes`);
  }
  const stray = strayByte(bytes, start, end < 0 ? bytes.length : end);
  if (stray !== undefined) return bad(400, `${stray} in the request head`);
  if (end < 0) return MORE;

  const lines = bytes.toString('latin1', start, end).split('\r\n');
  const match = REQUEST_LINE.exec(lines[0]);
  if (match === null) return bad(400, 'the request line is malformed');
  if (match[3] !== '1') return bad(505, `HTTP/${match[3]} is not spoken here`);
  const fields: HeaderField[] = [];
  for (let at = 1; at < lines.length; at++) {
    const line = lines[at];
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    if (!TOKEN.test(name))
      return bad(400, 'a header field is malformed, folded, or has space before its colon');
    fields.push({ name, value: trim(line.slice(colon + 1)) });
  }
  if (valuesOf(fields, 'host').length > 1) return bad(400, 'more than one Host');
  return {
    kind: 'request',
    method: match[1],
    target: match[2],
    minor: match[4] === '0' ? 0 : 1,
    fields,
    rest: bytes.subarray(end + 4),
  };
}

/**
 * Parses a response head. Tolerates bare LF, folded lines (joined, as RFC 9112 §5.2 has a proxy do), space
 * before a colon, and lines that are no field (dropped).
 */
export function parseResponseHead(bytes: Buffer): More | HttpBad | ResponseHead {
  const end = endOfLooseHead(bytes);
  if (end < 0 ? bytes.length > MAX_HEAD_BYTES : end > MAX_HEAD_BYTES) {
    return bad(502, `the response head is longer than ${MAX_HEAD_BYTES} bytes`);
  }
  // The first bytes tell at once that this is not HTTP, before a server that waits for us times out.
  if (!'HTTP/1.'.startsWith(bytes.toString('latin1', 0, 7))) return bad(502, 'the answer is not HTTP/1');
  if (end < 0) return MORE;

  const loose = bytes.toString('latin1', 0, end).replaceAll('\r\n', '\n');
  const text = loose.slice(0, -2).replaceAll(/\n[ \t]+/g, ' ');
  if (text.includes('\r') || text.includes('\0')) return bad(502, 'a bare CR or a NUL in the response head');
  const lines = text.split('\n');
  const match = STATUS_LINE.exec(lines[0]);
  if (match === null) return bad(502, 'the status line is malformed');
  const fields: HeaderField[] = [];
  for (let at = 1; at < lines.length; at++) {
    const colon = lines[at].indexOf(':');
    const name = lines[at].slice(0, Math.max(colon, 0)).trimEnd();
    if (TOKEN.test(name)) fields.push({ name, value: trim(lines[at].slice(colon + 1)) });
  }
  return {
    kind: 'response',
    status: Number(match[2]),
    reason: match[3] ?? '',
    minor: match[1] === '0' ? 0 : 1,
    fields,
    rest: bytes.subarray(end),
  };
}

/** Prints a head: the start line, the fields in their order and case, the empty line. */
export function printHead(startLine: string, fields: readonly HeaderField[]): Buffer {
  let text = `${startLine}\r\n`;
  for (const { name, value } of fields) text += `${name}: ${value}\r\n`;
  return Buffer.from(`${text}\r\n`, 'latin1');
}

/** The values of every field called `name` (in lower case). */
export function valuesOf(fields: readonly HeaderField[], name: string): string[] {
  return fields.filter((field) => field.name.toLowerCase() === name).map((field) => field.value);
}

/** The members of a comma-separated list field, in lower case (RFC 9110 §5.6.1). */
export function tokensOf(fields: readonly HeaderField[], name: string): string[] {
  return valuesOf(fields, name)
    .flatMap((value) => value.split(','))
    .map((token) => trim(token).toLowerCase())
    .filter((token) => token !== '');
}

function bad(status: number, reason: string): HttpBad {
  return { kind: 'bad', status, reason };
}

/** Optional whitespace of RFC 9110 §5.6.3 only: `trim` would also strip the latin1 no-break space. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && (text[start] === ' ' || text[start] === '\t')) start++;
  while (end > start && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--;
  return text.slice(start, end);
}

/** Names a NUL, a CR without LF or an LF without CR between `start` and `end`, if there is one. */
function strayByte(bytes: Buffer, start: number, end: number): string | undefined {
  const nul = bytes.indexOf(0, start);
  if (nul >= 0 && nul < end) return 'a NUL byte';
  for (let at = bytes.indexOf(LF, start); at >= 0 && at < end; at = bytes.indexOf(LF, at + 1)) {
    if (at === start || bytes[at - 1] !== CR) return 'a bare LF';
  }
  for (let at = bytes.indexOf(CR, start); at >= 0 && at < end; at = bytes.indexOf(CR, at + 1)) {
    if (at + 1 < bytes.length && bytes[at + 1] !== LF) return 'a bare CR';
  }
  return undefined;
}

/** The offset after the first empty line, whether lines end in CRLF or LF; -1 when there is none. */
function endOfLooseHead(bytes: Buffer): number {
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2;
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3;
  }
  return -1;
}
