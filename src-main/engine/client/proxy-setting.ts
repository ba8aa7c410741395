import { BlockList, isIP, isIPv4 } from 'node:net';
import { type PartResult, parseHost, parsePort, quote, splitAddressParts } from '../base/address.ts';
import type { ProxyAuth } from '../carrier/proxy-answer.ts';
import type { ProxyRoute } from '../carrier/route.ts';

/** Schemes of proxies, and their ports where none is said. */
const SCHEMES = { http: 80, socks5: 1080, socks5h: 1080 } as const;
/** RFC 1929 §2: one octet of length for each. */
const MAX_CREDENTIAL_BYTES = 255;
const MAX_TEXT = 2048;
/** Entries of `no_proxy` that are looked at. */
const MAX_EXCEPTIONS = 1024;

/**
 * A proxy as people write it: `http://user:password@host:port`, `socks5://...`, `host:port`, or `none`. No reason
 * that it gives has the password in it.
 */
export function parseProxy(text: string): PartResult<ProxyRoute> {
  const wrong = (reason: string): PartResult<ProxyRoute> => ({ ok: false, reason });
  if (text.trim() === '') return wrong('it is empty');
  if (text.length > MAX_TEXT) return wrong(`it is longer than ${MAX_TEXT} characters`);
  if (/^(none|direct)$/i.test(text)) return { ok: true, value: { kind: 'direct' } };
  const match = /^(?:([a-z][a-z\d+.-]*):\/\/)?(?:([^/?#]*)@)?([^/?#@]*)([/?#].*)?$/is.exec(text);
  if (match === null) return wrong('it is not a URL such as http://host:port');
  const [, schemeText = 'http', login, authority, rest] = match;
  const scheme = schemeText.toLowerCase();
  if (!isScheme(scheme)) {
    const hint = scheme === 'https' ? ' (TLS to the proxy itself is not supported)' : '';
    return wrong(`the scheme ${quote(`${scheme}://`)} is none of http://, socks5://, socks5h://${hint}`);
  }
  if (rest !== undefined && rest !== '/') return wrong('a proxy has no path');
  const parts = splitAddressParts(authority);
  if (parts.length > 2) return wrong(`${quote(authority)} has too many colons (IPv6 needs brackets)`);
  const host = parseHost(parts[0]);
  if (!host.ok) return wrong(host.reason);
  const port = parts.length === 1 ? ({ ok: true, value: SCHEMES[scheme] } as const) : parsePort(parts[1], 1);
  if (!port.ok) return wrong(port.reason);
  const auth = login === undefined ? undefined : parseLogin(login);
  if (auth !== undefined && !auth.ok) return wrong(auth.reason);
  const kind = scheme === 'http' ? 'http' : 'socks5';
  return { ok: true, value: { kind, host: host.value, port: port.value, auth: auth?.value } };
}

function isScheme(text: string): text is keyof typeof SCHEMES {
  return Object.hasOwn(SCHEMES, text);
}

function parseLogin(text: string): PartResult<ProxyAuth> {
  const at = text.indexOf(':');
  if (at <= 0) return { ok: false, reason: 'before the "@" there must be user:password' };
  const [user, password] = [decode(text.slice(0, at)), decode(text.slice(at + 1))];
  if (user === undefined || password === undefined)
    return { ok: false, reason: 'in user:password a "%" is written %25' };
  for (const part of [user, password]) {
    if (Buffer.byteLength(part) > MAX_CREDENTIAL_BYTES)
      return { ok: false, reason: `user and password have at most ${MAX_CREDENTIAL_BYTES} bytes each` };
    if (/\p{Cc}/u.test(part)) return { ok: false, reason: 'user and password have no control characters' };
  }
  return { ok: true, value: { user, password } };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

export type ProxyFromEnvironment =
  | { readonly kind: 'proxy'; readonly route: ProxyRoute; readonly variable: string }
  /** None is set, or the server is excepted. */
  | { readonly kind: 'none' }
  | { readonly kind: 'wrong'; readonly variable: string; readonly reason: string };

/**
 * The proxy that `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` name for a server, in lower case before
 * upper case. This machine itself is never asked for through a proxy that way.
 */
export function proxyFromEnvironment(
  server: { readonly secure: boolean; readonly host: string; readonly port: number },
  env: Readonly<Record<string, string | undefined>>,
): ProxyFromEnvironment {
  const [, except] = find(env, 'no_proxy') ?? [];
  if (isLoopback(server.host) || isExcepted(server, except ?? '')) return { kind: 'none' };
  const found = find(env, server.secure ? 'https_proxy' : 'http_proxy') ?? find(env, 'all_proxy');
  if (found === undefined) return { kind: 'none' };
  const [variable, text] = found;
  const route = parseProxy(text);
  if (!route.ok) return { kind: 'wrong', variable, reason: route.reason };
  return { kind: 'proxy', route: route.value, variable };
}

function find(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
): [name: string, value: string] | undefined {
  for (const each of [name, name.toUpperCase()]) {
    const value = env[each]?.trim();
    if (value !== undefined && value !== '') return [each, value];
  }
  return undefined;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** `*`, names (with all that end in them), addresses and networks `10.0.0.0/8`, each perhaps with `:port`. */
function isExcepted({ host, port }: { host: string; port: number }, list: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  const family = isIP(host);
  return list
    .split(/[\s,]+/, MAX_EXCEPTIONS)
    .filter((entry) => entry !== '')
    .some((given) => {
      const entry = given.toLowerCase();
      if (entry === '*') return true;
      if (entry.includes('/')) return isIn(host, family, entry);
      if (isIP(entry) === 6) return entry === name;
      const [bare, portText] = splitAddressParts(entry);
      if (portText !== undefined && Number(portText) !== port) return false;
      const wanted = bare.replace(/^\[|\]$/g, '').replace(/^\*?\./, '');
      return name === wanted || (family === 0 && name.endsWith(`.${wanted}`));
    });
}

function isIn(host: string, family: number, network: string): boolean {
  const [address, bits] = network.split('/');
  const version = isIP(address);
  const prefix = Number(bits);
  if (version === 0 || version !== family || !Number.isInteger(prefix) || prefix < 0) return false;
  if (prefix > (version === 4 ? 32 : 128)) return false;
  const type = version === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(address, prefix, type);
  return list.check(host, type);
}
