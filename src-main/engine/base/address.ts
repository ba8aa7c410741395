import { isIPv4, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { CulvertError } from './errors.ts';

/** A place to connect to. `host` is a name or an address without brackets; `port` is 1-65535. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/**
 * A place to listen at. `host` undefined means every interface (what Node's `listen` does without a host);
 * `port` is 0-65535, where 0 means any free port.
 */
export interface ListenAddress {
  readonly host: string | undefined;
  readonly port: number;
}

/**
 * What parsing gave. `reason` names the wrong part in a few words, for callers that put their own frame around
 * it; `error` (`ERR_BAD_ADDRESS`) is complete.
 */
export type AddressResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string; readonly error: CulvertError };

/** What one part of an address gave. */
export type PartResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

const MAX_PORT = 65_535;
/** RFC 1035 §2.3.4: a name of at most 255 octets on the wire is at most 253 characters as text. */
const MAX_NAME = 253;
const MAX_LABEL = 63;
/** Longest text quoted in a message. */
const MAX_QUOTED = 120;

/** `text` in double quotes, control characters escaped, shortened: safe to print to a terminal. */
export function quote(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}...` : text).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A decimal port of at least `min`. */
export function parsePort(text: string, min: 0 | 1): PartResult<number> {
  const range = `${min}-${MAX_PORT}`;
  if (text === '') return { ok: false, reason: `the port is missing (${range})` };
  if (!/^\d+$/.test(text)) return { ok: false, reason: `${quote(text)} is not a port (${range})` };
  const port = Number(text);
  if (port < min || port > MAX_PORT) return { ok: false, reason: `port ${quote(text)} is not in ${range}` };
  return { ok: true, value: port };
}

/**
 * A host name, an IPv4 address, or an IPv6 address in brackets. Gives it without brackets; a name in other
 * scripts becomes its ASCII form (RFC 5891).
 */
export function parseHost(text: string): PartResult<string> {
  if (text === '') return { ok: false, reason: 'the host is missing' };
  if (text.startsWith('[')) {
    const inner = text.endsWith(']') ? text.slice(1, -1) : '';
    if (isIPv6(inner)) return { ok: true, value: inner };
    return { ok: false, reason: `${quote(text)} is not an IPv6 address in brackets` };
  }
  if (isIPv4(text)) return { ok: true, value: text };
  // Digits and dots alone never are a name: a top-level domain is not numeric (RFC 3696 §2).
  if (/^[\d.]+$/.test(text)) return { ok: false, reason: `${quote(text)} is not an IPv4 address` };
  const name = /^[\u0020-\u007e]*$/.test(text) ? text : domainToASCII(text);
  const bare = name.endsWith('.') ? name.slice(0, -1) : name;
  const sound =
    bare.length <= MAX_NAME &&
    bare
      .split('.')
      .every((label) => label.length <= MAX_LABEL && /^[a-z\d_]([a-z\d_-]*[a-z\d_])?$/i.test(label));
  if (!sound) return { ok: false, reason: `${quote(text)} is not a host name` };
  return { ok: true, value: name };
}

/** Splits at the colons that are outside brackets; brackets stay. Gives at least one part. */
export function splitAddressParts(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let bracket = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '[') bracket = true;
    else if (char === ']') bracket = false;
    else if (char === ':' && !bracket) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

/** `host:port`, `[v6]:port`: a place to connect to. Both parts must be there. */
export function parseHostPort(text: string): AddressResult<HostPort> {
  const example = 'write host:port, such as server.example:80 or [2001:db8::1]:80';
  if (isIPv6(text)) return fault(text, 'an IPv6 address needs brackets and a port', example);
  const parts = splitAddressParts(text);
  if (parts.length === 1) return fault(text, text === '' ? 'it is empty' : 'the port is missing', example);
  if (parts.length > 2) return fault(text, 'it has too many colons', example);
  const host = parseHost(parts[0]);
  if (!host.ok) return fault(text, host.reason, example);
  const port = parsePort(parts[1], 1);
  if (!port.ok) return fault(text, port.reason, example);
  return { ok: true, value: { host: host.value, port: port.value } };
}

/** `port`, `:port`, `*:port` (every interface), `host:port`, `[v6]:port`: a place to listen at. */
export function parseListenAddress(text: string): AddressResult<ListenAddress> {
  const example = 'write :port or host:port, such as :8100 or 127.0.0.1:8100';
  if (isIPv6(text)) return fault(text, 'an IPv6 address needs brackets and a port', example);
  const parts = splitAddressParts(text);
  if (parts.length > 2) return fault(text, 'it has too many colons', example);
  const [hostText, portText] = parts.length === 2 ? parts : ['', parts[0]];
  if (parts.length === 1 && portText !== '' && parseHost(portText).ok) {
    return fault(text, `after ${quote(portText)} the port is missing`, example);
  }
  const port = parsePort(portText, 0);
  if (!port.ok) return fault(text, port.reason, example);
  if (hostText === '' || hostText === '*') return { ok: true, value: { host: undefined, port: port.value } };
  const host = parseHost(hostText);
  if (!host.ok) return fault(text, host.reason, example);
  return { ok: true, value: { host: host.value, port: port.value } };
}

/** The text form: `host:port`, `[v6]:port`, and `:port` without a host. */
export function formatHostPort(host: string | undefined, port: number): string {
  if (host === undefined || host === '') return `:${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function fault(
  text: string,
  reason: string,
  remedy: string,
): { readonly ok: false; readonly reason: string; readonly error: CulvertError } {
  const error = new CulvertError('ERR_BAD_ADDRESS', `the address ${quote(text)} is wrong: ${reason}`, {
    remedy,
  });
  return { ok: false, reason, error };
}
