import { quote } from '../engine/index.ts';
import type { Checked } from './usage-error.ts';

/** What a server shows to everybody who is not its client. */
export type Cover =
  | { readonly kind: 'proxy'; readonly url: string }
  | { readonly kind: 'directory'; readonly directory: string };

/** User name and password, for RFC 1929 and HTTP Basic. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1 << 10, m: 1 << 20, g: 1 << 30 };
/** RFC 1929 §2: one octet of length for each. */
const MAX_CREDENTIAL_BYTES = 255;
const MAX_PATH = 1024;
const MAX_HEADER = 8192;

/** Headers that the carriers set; another value would break the request's framing or the upgrade. */
const OWN_HEADERS = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-protocol',
  'sec-websocket-version',
]);

/** `1048576`, `64k`, `1.5m`, `1MiB`, `2GB`: a number of bytes, every unit a power of 1024. Rounded down. */
export function parseBytes(text: string, min: number, max: number): Checked<number> {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?)(?:i?b)?(?:\/s)?$/i.exec(text.trim());
  if (!match) return { ok: false, reason: 'it is not a number of bytes such as 65536, 64k or 1m' };
  const bytes = Math.floor(Number(match[1]) * UNITS[match[2].toLowerCase()]);
  if (bytes < min || bytes > max) return { ok: false, reason: `it is not between ${min} and ${max} bytes` };
  return { ok: true, value: bytes };
}

/** Whole seconds, with or without an `s`. */
export function parseSeconds(text: string, max: number): Checked<number> {
  const match = /^(\d+)\s*s?$/i.exec(text.trim());
  if (!match) return { ok: false, reason: 'it is not a whole number of seconds' };
  const seconds = Number(match[1]);
  if (seconds > max) return { ok: false, reason: `it is not between 0 and ${max} seconds` };
  return { ok: true, value: seconds };
}

/** `Name: value` or `Name=value` (RFC 9110 §5.1, §5.5), whichever separator comes first. */
export function parseHeader(text: string): Checked<readonly [string, string]> {
  const at = text.search(/[:=]/);
  if (at < 0) return { ok: false, reason: 'there is no ":" or "=" between name and value' };
  const name = text.slice(0, at).trim();
  const value = text.slice(at + 1).trim();
  if (text.length > MAX_HEADER) return { ok: false, reason: `it is longer than ${MAX_HEADER} characters` };
  if (name === '') return { ok: false, reason: 'the name is missing' };
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name))
    return { ok: false, reason: `${quote(name)} is not a header name` };
  if (!/^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value)) {
    return { ok: false, reason: 'the value has characters that a header may not have' };
  }
  if (OWN_HEADERS.has(name.toLowerCase())) return { ok: false, reason: `Culvert sets ${quote(name)} itself` };
  return { ok: true, value: [name, value] };
}

/** A URL path (RFC 3986 §3.3); the leading slash may be left out. Gives it with the slash. */
export function parsePath(text: string): Checked<string> {
  if (text === '') return { ok: false, reason: 'the path is empty' };
  if (text.length > MAX_PATH) return { ok: false, reason: `the path is longer than ${MAX_PATH} characters` };
  if (/[?#]/.test(text)) return { ok: false, reason: 'a path has no "?" and no "#"' };
  if (!/^(?:[\w.~!$&'()*+,;=:@/-]|%[\da-f]{2})+$/i.test(text)) {
    return { ok: false, reason: 'the path has characters that a URL must write as %XX' };
  }
  return { ok: true, value: text.startsWith('/') ? text : `/${text}` };
}

/** `http://...` or `https://...` to proxy, or a directory. Whether the directory is there is not checked. */
export function parseCover(text: string): Checked<Cover> {
  if (text === '') return { ok: false, reason: 'it is empty' };
  const scheme = /^([a-z][a-z\d+.-]*):\/\//i.exec(text)?.[1].toLowerCase();
  if (scheme === undefined) {
    if (/^[\w.-]+:\d+(\/|$)/.test(text)) return { ok: false, reason: `a site to proxy starts with http://` };
    if (text.includes('\0')) return { ok: false, reason: 'a directory name has no NUL character' };
    return { ok: true, value: { kind: 'directory', directory: text } };
  }
  if (scheme !== 'http' && scheme !== 'https') {
    return { ok: false, reason: `${quote(`${scheme}://`)} is neither http:// nor https://` };
  }
  if (!URL.canParse(text)) return { ok: false, reason: 'it is not a URL' };
  const url = new URL(text);
  if (url.username !== '' || url.password !== '')
    return { ok: false, reason: 'user names in URLs are not supported' };
  return { ok: true, value: { kind: 'proxy', url: url.href } };
}

/** `user:password`; the password may hold colons (RFC 7617 §2). */
export function parseCredentials(text: string): Checked<Credentials> {
  const at = text.indexOf(':');
  if (at < 0) return { ok: false, reason: 'there is no ":" between user and password' };
  const user = text.slice(0, at);
  const password = text.slice(at + 1);
  if (user === '') return { ok: false, reason: 'the user is missing' };
  if (password === '') return { ok: false, reason: 'the password is missing' };
  for (const part of [user, password]) {
    if (Buffer.byteLength(part) > MAX_CREDENTIAL_BYTES) {
      return { ok: false, reason: `user and password have at most ${MAX_CREDENTIAL_BYTES} bytes each` };
    }
  }
  return { ok: true, value: { user, password } };
}
