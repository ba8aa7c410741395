import { isIPv6 } from 'node:net';
import type { Target } from '../mux/types.ts';

/** The longest host a listener accepts, in bytes of UTF-8: the one-byte length of RFC 1928 §5. */
export const MAX_HOST_BYTES = 255;

/** Never part of a host name: ASCII controls, space, delete, and the delimiters of a URI (RFC 3986 §2.2). */
const FORBIDDEN = new Set(Array.from(' "#%/:<>?@[\\]^`{|}', (character) => character.charCodeAt(0)));

/**
 * Checks a host that a local application asked for: an IPv4 or IPv6 address (with or without brackets) or a
 * name, in UTF-8. Returns it as the tunnel carries it (no brackets), or undefined when it is none of these.
 * An empty host is refused too: inside the tunnel it would mean the server itself, which is only for rules.
 * Names are not resolved here, and not changed.
 */
export function hostFromBytes(bytes: Buffer): string | undefined {
  if (bytes.length === 0 || bytes.length > MAX_HOST_BYTES) return undefined;
  const text = bytes.toString('utf8');
  if (text.includes('\ufffd')) return undefined;
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (isIPv6(bare) && !bare.includes('%')) return bare;
  if (bare !== text) return undefined;
  for (const byte of bytes) {
    if (byte < 0x20 || byte === 0x7f || FORBIDDEN.has(byte)) return undefined;
  }
  return text;
}

/**
 * Parses `host[:port]` as in a URI's authority (RFC 3986 §3.2.2), given as latin1 text off the wire.
 * Without `defaultPort` the port is required. Returns undefined when it is malformed.
 */
export function parseAuthority(authority: string, defaultPort?: number): Target | undefined {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d{0,5}))?$/.exec(authority);
  if (match === null) return undefined;
  const host = hostFromBytes(Buffer.from(match[1], 'latin1'));
  const port = match[2] === undefined || match[2] === '' ? defaultPort : Number(match[2]);
  if (host === undefined || port === undefined || port < 1 || port > 65_535) return undefined;
  return { host, port };
}

/** `host:port` for people, with brackets around an IPv6 address. */
export function targetText(target: Target): string {
  const host = isIPv6(target.host) ? `[${target.host}]` : target.host;
  return `${host}:${target.port}`;
}
