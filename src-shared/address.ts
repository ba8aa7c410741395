/**
 * Hosts, ports and addresses as people write them, without Node's help: what the page checks while one types and
 * what imports read. The engine checks again and turns names of other scripts into their ASCII form.
 */
import * as z from 'zod';
import { MAX_HOST } from './limits.ts';
import './schema.ts';
import type { Parsed } from './schema.ts';

export type AddressReason = 'hostMissing' | 'badHost' | 'portMissing' | 'badPort' | 'tooManyColons';

export function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
}

/** RFC 4291 §2.2, without a zone. */
export function isIpv6(text: string): boolean {
  if (text.length > 45 || !text.includes(':')) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [index, half] of halves.entries()) {
    if (half === '') continue;
    const parts = half.split(':');
    for (const [at, part] of parts.entries()) {
      const last = index === halves.length - 1 && at === parts.length - 1;
      if (last && part.includes('.')) {
        if (!isIpv4(part)) return false;
        groups += 2;
      } else if (/^[\da-f]{1,4}$/i.test(part)) groups++;
      else return false;
    }
  }
  // `::` stands for at least one group.
  return halves.length === 2 ? groups <= 7 : groups === 8;
}

/** A name of letters of any script, digits, hyphens and underscores (RFC 1035, RFC 5890), or an IP address. */
export function isHost(text: string): boolean {
  if (isIpv4(text) || isIpv6(text)) return true;
  if (text.length === 0 || text.length > MAX_HOST || /^[\d.]+$/.test(text)) return false;
  const bare = text.endsWith('.') ? text.slice(0, -1) : text;
  return bare
    .split('.')
    .every(
      (label) =>
        label.length <= 63 && /^[\p{L}\p{N}_](?:[\p{L}\p{M}\p{N}_-]*[\p{L}\p{M}\p{N}_])?$/u.test(label),
    );
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIpv4(host) && host.startsWith('127.'));
}

/** Where a listener binds to every interface. */
export function isEveryHost(host: string): boolean {
  return host === '*' || host === '0.0.0.0' || host === '::';
}

/** A host without brackets. */
export const hostSchema = z.string().min(1).max(MAX_HOST).refine(isHost, 'not a host');
/** Where a listener binds: an address, a name, or `*` for every interface. */
export const bindHostSchema = z
  .string()
  .max(MAX_HOST)
  .refine((text) => text === '*' || isHost(text), 'not an address');

/** `host:port`, with brackets around IPv6; an empty host gives `:port`. */
export function printHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Splits at the colons outside brackets; brackets stay. At least one part. */
export function splitColons(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let bracket = false;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '[') bracket = true;
    else if (text[i] === ']') bracket = false;
    else if (text[i] === ':' && !bracket) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

export function parsePort(text: string, min: 0 | 1): Parsed<number, AddressReason> {
  if (text === '') return { ok: false, reason: 'portMissing', part: text };
  const port = /^\d{1,6}$/.test(text) ? Number(text) : -1;
  if (port < min || port > 65_535) return { ok: false, reason: 'badPort', part: text };
  return { ok: true, value: port };
}

/** A host with or without brackets; given back without. */
export function parseHost(text: string): Parsed<string, AddressReason> {
  if (text === '') return { ok: false, reason: 'hostMissing', part: text };
  const bracketed = text.startsWith('[') && text.endsWith(']');
  const inner = bracketed ? text.slice(1, -1) : text;
  if (bracketed ? !isIpv6(inner) : !isHost(inner)) return { ok: false, reason: 'badHost', part: text };
  return { ok: true, value: inner };
}

/** `host:port`, or `host` where a default port is given. */
export function parseHostPort(
  text: string,
  defaultPort?: number,
): Parsed<{ host: string; port: number }, AddressReason> {
  const parts = isIpv6(text) ? [text] : splitColons(text);
  if (parts.length > 2) return { ok: false, reason: 'tooManyColons', part: text };
  const host = parseHost(parts[0]);
  if (!host.ok) return { ...host, part: text };
  if (parts.length === 1 && defaultPort !== undefined) {
    return { ok: true, value: { host: host.value, port: defaultPort } };
  }
  const port = parsePort(parts[1] ?? '', 1);
  if (!port.ok) return { ...port, part: text };
  return { ok: true, value: { host: host.value, port: port.value } };
}
