import {
  type HostPort,
  type ListenAddress,
  parseHost,
  parseHostPort,
  parseListenAddress,
  parsePort,
  quote,
  splitAddressParts,
} from '../engine/index.ts';
import type { Checked } from './usage-error.ts';
import { parsePath } from './values.ts';

/** The server as a client reaches it. Without a scheme the transport decides; `path` never is just "/". */
export interface ServerAddress {
  readonly scheme: 'http' | 'https' | 'ws' | 'wss' | undefined;
  readonly host: string;
  readonly port: number;
  readonly path: string | undefined;
}

/** A `-L`. `target.host` is empty for the server itself. */
export interface StaticForward {
  readonly kind: 'static' | 'udp';
  readonly bind: ListenAddress;
  readonly target: HostPort;
}

const DEFAULT_PORTS = { http: 80, https: 443, ws: 80, wss: 443 } as const;

/** Unlike goflyway, which binds every interface: a forward is for its own machine unless it says otherwise. */
const LOOPBACK = '127.0.0.1';

/** `host:port`, or a URL of one of the four schemes with an optional port and path. */
export function parseServerAddress(text: string): Checked<ServerAddress> {
  const match = /^([a-z][a-z\d+.-]*):\/\/([^/?#]*)(.*)$/is.exec(text);
  if (!match) {
    if (/^[^/]+:\d+\//.test(text))
      return { ok: false, reason: `an address with a path starts with http:// or ws://` };
    const address = parseHostPort(text);
    if (!address.ok) return address;
    return { ok: true, value: { scheme: undefined, ...address.value, path: undefined } };
  }
  const [, schemeText, authority, pathText] = match;
  const scheme = schemeText.toLowerCase();
  if (!isScheme(scheme)) {
    return { ok: false, reason: `${quote(`${schemeText}://`)} is none of http://, https://, ws://, wss://` };
  }
  if (authority.includes('@'))
    return { ok: false, reason: 'a server URL has no user name; the key is given by -p' };
  const parts = splitAddressParts(authority);
  if (parts.length > 2) return { ok: false, reason: `${quote(authority)} has too many colons` };
  const host = parseHost(parts[0]);
  if (!host.ok) return host;
  const port =
    parts.length === 1 ? ({ ok: true, value: DEFAULT_PORTS[scheme] } as const) : parsePort(parts[1], 1);
  if (!port.ok) return port;
  if (pathText === '' || pathText === '/') {
    return { ok: true, value: { scheme, host: host.value, port: port.value, path: undefined } };
  }
  const path = parsePath(pathText);
  if (!path.ok) return path;
  return { ok: true, value: { scheme, host: host.value, port: port.value, path: path.value } };
}

/**
 * `port`, `bind:port`, `port:host:hostport`, `bind:port:host:hostport`, and any of them with `/udp` (or `/tcp`, which
 * changes nothing) behind it. An empty bind is the loopback address, `*` every interface; an empty host is the server
 * itself.
 */
export function parseLocal(text: string): Checked<StaticForward> {
  const [, place, protocol] = /^(.*?)(?:\/([a-z]*))?$/is.exec(text) ?? ['', text];
  switch (protocol?.toLowerCase()) {
    case undefined:
    case 'tcp':
      return parsePlaces(place, 'static');
    case 'udp':
      return parsePlaces(place, 'udp');
    default:
      return { ok: false, reason: `${quote(`/${protocol}`)} is neither /udp nor /tcp` };
  }
}

function parsePlaces(text: string, kind: StaticForward['kind']): Checked<StaticForward> {
  const parts = splitAddressParts(text);
  if (parts.length > 4) {
    return {
      ok: false,
      reason: `it has ${parts.length} parts, at most 4 are known (IPv6 addresses need brackets)`,
    };
  }
  // Two or four parts start with the bind address.
  const withBind = parts.length % 2 === 0;
  if (parts.length === 2 && /^\d+$/.test(parts[0]) && parseHost(parts[1]).ok) {
    return { ok: false, reason: `the port of the target ${quote(parts[1])} is missing, as in ${text}:80` };
  }
  const bind = parseBind(withBind ? parts[0] : '', parts[withBind ? 1 : 0]);
  if (!bind.ok) return bind;
  if (parts.length <= 2) {
    if (bind.value.port === 0) {
      return { ok: false, reason: 'local port 0 (any free port) needs a target, such as 0::1080' };
    }
    return { ok: true, value: { kind, bind: bind.value, target: { host: '', port: bind.value.port } } };
  }
  const [hostText, portText] = parts.slice(-2);
  const host = hostText === '' ? ({ ok: true, value: '' } as const) : parseHost(hostText);
  if (!host.ok) return { ok: false, reason: `in the target ${host.reason}` };
  const port = parsePort(portText, 1);
  if (!port.ok) return { ok: false, reason: `in the target ${port.reason}` };
  return { ok: true, value: { kind, bind: bind.value, target: { host: host.value, port: port.value } } };
}

/** `port` or `bind:port`. */
export function parseDynamic(text: string): Checked<ListenAddress> {
  const parts = splitAddressParts(text);
  if (parts.length > 2) {
    return {
      ok: false,
      reason: 'a dynamic port is [bind:]port; a fixed target goes with -L (IPv6 needs brackets)',
    };
  }
  return parts.length === 2 ? parseBind(parts[0], parts[1]) : parseBind('', parts[0]);
}

/** A server's own address, `[host]:port` or `port`. */
export function parseServerListen(text: string): Checked<ListenAddress> {
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(text)) {
    return { ok: false, reason: 'a URL is for a client, which needs at least one -L or -D' };
  }
  const address = parseListenAddress(text);
  if (address.ok) return address;
  return {
    ok: false,
    reason: `${address.reason} (a server listens at [host]:port; a client needs -L or -D)`,
  };
}

/** True for text that can only name a server to connect to, not a place to listen at. */
export function looksLikeServer(text: string): boolean {
  const address = parseServerAddress(text);
  return address.ok && address.value.host !== '0.0.0.0' && address.value.host !== '::';
}

function parseBind(hostText: string, portText: string): Checked<ListenAddress> {
  const port = parsePort(portText, 0);
  if (!port.ok) return { ok: false, reason: `locally ${port.reason}` };
  if (hostText === '') return { ok: true, value: { host: LOOPBACK, port: port.value } };
  if (hostText === '*') return { ok: true, value: { host: undefined, port: port.value } };
  const host = parseHost(hostText);
  if (!host.ok) return { ok: false, reason: `in the bind address ${host.reason}` };
  return { ok: true, value: { host: host.value, port: port.value } };
}

function isScheme(text: string): text is keyof typeof DEFAULT_PORTS {
  return Object.hasOwn(DEFAULT_PORTS, text);
}
