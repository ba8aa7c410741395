/** Sockets to the server: straight, or through a proxy. */
import * as net from 'node:net';
import * as tls from 'node:tls';
import { CulvertError } from '../base/errors.ts';
import { connectError } from './connect-error.ts';
import { type ProxyAuth, proxyAuthError, readAnswer } from './proxy-answer.ts';
import { socksHandshake } from './socks-route.ts';

export type ProxyRoute =
  | { readonly kind: 'direct' }
  /**
   * Requests to `http:` servers go to it with their whole URL, never through CONNECT; `https:` ones and WebSockets
   * need CONNECT.
   */
  | { readonly kind: 'http'; readonly host: string; readonly port: number; readonly auth?: ProxyAuth }
  /** The proxy resolves the server's name. */
  | { readonly kind: 'socks5'; readonly host: string; readonly port: number; readonly auth?: ProxyAuth };

export interface RouteOptions {
  /** `http:`, `https:`, `ws:` or `wss:`. */
  readonly url: URL;
  readonly route: ProxyRoute;
  /** PEM certificates trusted beside the system's. */
  readonly ca?: readonly string[];
  /** Name to ask for in TLS instead of the URL's. */
  readonly serverName?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const MAX_PROXY_HEAD = 16 << 10;

/** `Basic …`, where the proxy wants it. */
export function basicAuth(auth: ProxyAuth | undefined): string | undefined {
  if (auth === undefined) return undefined;
  return `Basic ${Buffer.from(`${auth.user}:${auth.password}`, 'utf8').toString('base64')}`;
}

export function isSecure(url: URL): boolean {
  return url.protocol === 'https:' || url.protocol === 'wss:';
}

export function portOf(url: URL): number {
  return url.port !== '' ? Number(url.port) : isSecure(url) ? 443 : 80;
}

/** The URL's host as sockets want it: without the brackets of IPv6. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/** Connects. Rejects with a CulvertError that says at which of the steps it failed. The socket has no readers. */
export async function openRoute(options: RouteOptions): Promise<net.Socket> {
  const { url, route, signal, timeoutMs } = options;
  const direct = route.kind === 'direct';
  const [host, port] = direct ? [hostOf(url), portOf(url)] : [route.host, route.port];
  const name = direct ? url.host : `the proxy ${route.host}:${route.port}`;
  const socket = net.connect({ host, port, noDelay: true });
  const cut = (): void => {
    const { reason } = signal;
    socket.destroy(
      reason instanceof CulvertError ? reason : new CulvertError('ERR_CLOSED', 'no longer wanted'),
    );
  };
  const timer = setTimeout(() => {
    const text = `${name} did not answer within ${timeoutMs / 1000} s`;
    const remedy = 'check the address and that the network lets it through';
    socket.destroy(new CulvertError('ERR_SERVER_TIMEOUT', text, { remedy }));
  }, timeoutMs);
  signal.addEventListener('abort', cut);
  try {
    if (signal.aborted) cut();
    await connected(socket, 'connect');
    if (route.kind === 'socks5') await socksHandshake(socket, hostOf(url), portOf(url), route.auth);
    if (route.kind === 'http' && url.protocol !== 'http:') await connectThrough(socket, url, route.auth);
    if (!isSecure(url)) return socket;
    const secure = tls.connect({
      socket,
      servername: options.serverName ?? (net.isIP(hostOf(url)) === 0 ? hostOf(url) : undefined),
      host: hostOf(url),
      ALPNProtocols: ['http/1.1'],
      ca: options.ca === undefined ? undefined : [...tls.rootCertificates, ...options.ca],
    });
    await connected(secure, 'secureConnect');
    return secure;
  } catch (error) {
    socket.destroy();
    if (error instanceof CulvertError) throw error;
    throw connectError(name, error instanceof Error ? error : new Error(String(error)));
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cut);
  }
}

function connected(socket: net.Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    const onClose = (): void =>
      reject(new CulvertError('ERR_SERVER_UNREACHABLE', 'the connection was closed'));
    socket.once('error', reject);
    socket.once('close', onClose);
    socket.once(event, () => {
      socket.off('error', reject);
      socket.off('close', onClose);
      resolve();
    });
  });
}

async function connectThrough(socket: net.Socket, url: URL, auth: ProxyAuth | undefined): Promise<void> {
  const target = `${url.hostname}:${portOf(url)}`;
  const credentials = basicAuth(auth);
  const extra = credentials === undefined ? '' : `Proxy-Authorization: ${credentials}\r\n`;
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${extra}\r\n`);
  const head = await readAnswer(socket, MAX_PROXY_HEAD, (bytes) => {
    const at = bytes.indexOf('\r\n\r\n');
    return at < 0 ? -1 : at + 4;
  });
  const match = /^HTTP\/1\.[01] +([0-9]{3})(?: +([^\r\n]*))?/.exec(head.toString('latin1'));
  const status = Number(match?.[1] ?? 0);
  if (status >= 200 && status < 300) return;
  const said = `HTTP ${status} ${match?.[2] ?? ''}`.trim();
  if (status === 407) throw proxyAuthError(said, auth !== undefined);
  throw new CulvertError('ERR_PROXY', `the proxy refuses CONNECT to ${target} (${said})`, {
    remedy: 'use plain HTTP, which needs no CONNECT: the http:// address of the server without -w',
    // 0: what it said is no HTTP.
    details: status === 0 ? undefined : { status },
  });
}
