/** The server as a client reaches it, and the proxy on the way: schema, and the URL form of both. */
import * as z from 'zod';
import { type AddressReason, hostSchema, parseHostPort, printHostPort } from './address.ts';
import { MAX_CREDENTIAL, MAX_PATH } from './limits.ts';
import { type Parsed, portSchema } from './schema.ts';

const PATH = /^\/(?:[\w.~!$&'()*+,;=:@/-]|%[\da-f]{2})*$/i;
/** A URL path (RFC 3986 §3.3) with its leading slash. */
export const pathSchema = z.string().max(MAX_PATH).regex(PATH);

/** `https` is TLS; whether requests or a WebSocket go over it is the transport's matter. */
export const serverAddressSchema = z.strictObject({
  scheme: z.enum(['http', 'https']),
  host: hostSchema,
  port: portSchema,
  path: pathSchema,
});
export type ServerAddress = z.infer<typeof serverAddressSchema>;

export const proxySchemes = ['http', 'https', 'socks5'] as const;
/** The upstream proxy. Its password is sealed apart. */
export const proxySchema = z.strictObject({
  scheme: z.enum(proxySchemes),
  host: hostSchema,
  port: portSchema,
  /** Empty: the proxy asks for nothing. */
  user: z.string().max(MAX_CREDENTIAL),
});
export type Proxy = z.infer<typeof proxySchema>;

export type ServerReason = AddressReason | 'badScheme' | 'badPath' | 'userInUrl';

const SCHEMES = { http: 'http', ws: 'http', https: 'https', wss: 'https' } as const;
export const DEFAULT_PORT = { http: 80, https: 443 } as const;

/** `https://host/path`: the port is left out where the scheme has it, the path where it is only `/`. */
export function printServer({ scheme, host, port, path }: ServerAddress): string {
  const place =
    port === DEFAULT_PORT[scheme] ? printHostPort(host, 0).slice(0, -2) : printHostPort(host, port);
  return `${scheme}://${place}${path === '/' ? '' : path}`;
}

/** `host:port`, or a URL of http, https, ws or wss with an optional port and path. */
export function parseServer(text: string, defaultPort?: number): Parsed<ServerAddress, ServerReason> {
  const match = /^([a-z][a-z\d+.-]*):\/\/([^/?#]*)(.*)$/is.exec(text);
  if (match === null) {
    const address = parseHostPort(text, defaultPort);
    return address.ok ? { ok: true, value: { scheme: 'http', ...address.value, path: '/' } } : address;
  }
  const [, word, authority, pathText] = match;
  const scheme = schemeOf(word.toLowerCase());
  if (scheme === undefined) return { ok: false, reason: 'badScheme', part: `${word}://` };
  // What stands before the @ may be a password: it is not given back.
  if (authority.includes('@')) return { ok: false, reason: 'userInUrl', part: '@' };
  const address = parseHostPort(authority, DEFAULT_PORT[scheme]);
  if (!address.ok) return address;
  const path = pathText === '' ? '/' : pathText;
  if (!pathSchema.safeParse(path).success) return { ok: false, reason: 'badPath', part: path };
  return { ok: true, value: { scheme, ...address.value, path } };
}

/** `http://user@host:port`, without the password. */
export function printProxy({ scheme, host, port, user }: Proxy): string {
  return `${scheme}://${user === '' ? '' : `${encodeURIComponent(user)}@`}${printHostPort(host, port)}`;
}

/** A proxy with the password that its URL had, if any. */
export interface ProxyText {
  readonly proxy: Proxy;
  readonly password: string | undefined;
}

const PROXY_PORT = { http: 8080, https: 443, socks5: 1080 } as const;

/** `[scheme://][user[:password]@]host[:port]`; without a scheme it is an HTTP proxy. */
export function parseProxy(text: string): Parsed<ProxyText, ServerReason> {
  const match = /^(?:([a-z][a-z\d+.-]*):\/\/)?(?:([^@/]*)@)?([^@/?#]+)\/?$/is.exec(text);
  if (match === null) return { ok: false, reason: 'badHost', part: text.replace(/^.*@/s, '') };
  const [, word = 'http', credentials, authority] = match;
  const scheme = {
    http: 'http',
    https: 'https',
    socks5: 'socks5',
    socks5h: 'socks5',
    socks: 'socks5',
  } as const;
  const known = Object.hasOwn(scheme, word.toLowerCase());
  if (!known) return { ok: false, reason: 'badScheme', part: `${word}://` };
  const kind = scheme[word.toLowerCase() as keyof typeof scheme];
  const address = parseHostPort(authority, PROXY_PORT[kind]);
  if (!address.ok) return address;
  const at = credentials?.indexOf(':') ?? -1;
  const user = decode(at < 0 ? (credentials ?? '') : (credentials ?? '').slice(0, at));
  const password = at < 0 ? undefined : decode((credentials ?? '').slice(at + 1));
  const proxy = proxySchema.safeParse({ scheme: kind, ...address.value, user });
  if (!proxy.success) return { ok: false, reason: 'badHost', part: authority };
  return { ok: true, value: { proxy: proxy.data, password: password || undefined } };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function schemeOf(word: string): 'http' | 'https' | undefined {
  return Object.hasOwn(SCHEMES, word) ? SCHEMES[word as keyof typeof SCHEMES] : undefined;
}
