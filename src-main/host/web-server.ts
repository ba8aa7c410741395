import { existsSync } from 'node:fs';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import send from 'send';
import { type WebSocket, WebSocketServer } from 'ws';
import { isEveryHost, printHostPort } from '../../src-shared/address.ts';
import { MAX_MESSAGE } from '../../src-shared/pipe.ts';
import { listenError } from '../engine/index.ts';
import type { Pipes } from './router.ts';
import { WebAccess } from './web-access.ts';

export interface WebOptions {
  readonly pipes: Pipes;
  readonly token: string;
  /** `*` for every interface. Port 0: any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Names beside its own by which requests may come. */
  readonly names?: readonly string[];
  /** The built page; default: `renderer` beside the built sources. */
  readonly page?: string;
}

/** The pipe of the page; it looks for it beside itself. */
const PIPE_PATH = '/pipe';
/** Pages that may be open at a time. */
const MAX_PIPES = 64;
/** A page that answers no ping for two of these is gone, ms. */
const PING_MS = 15_000;
/** Requests come whole within this, ms. */
const REQUEST_MS = 30_000;

const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CSP,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
};

/** Where the built page is, from the built sources and from the sources themselves. */
export function builtPage(): string {
  const places = ['../../renderer', '../../out/renderer'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  return places.find((place) => existsSync(join(place, 'index.html'))) ?? places[0];
}

const ANY_PORT = 'choose another port: culvert ui --listen 127.0.0.1:0 takes any free one';

/** The page and its pipe, for those who have the token. */
export class WebServer {
  private readonly options: WebOptions;
  private readonly access: WebAccess;
  private readonly server: Server;
  private readonly sockets: WebSocketServer;
  private readonly page: string;
  private readonly pings: NodeJS.Timeout;
  private readonly quiet = new Set<WebSocket>();

  constructor(options: WebOptions) {
    const { tls, token, listen } = options;
    this.options = options;
    this.page = options.page ?? builtPage();
    const addresses = isEveryHost(listen.host)
      ? Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address))
      : [];
    const names = [...(options.names ?? []), ...addresses];
    this.access = new WebAccess({ token, secure: tls !== undefined, host: listen.host, names });
    this.server = tls === undefined ? createHttpServer() : createHttpsServer(tls);
    this.server.requestTimeout = REQUEST_MS;
    this.server.on('request', (request, response) => this.answer(request, response));
    this.server.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
    this.sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE, perMessageDeflate: false });
    this.pings = setInterval(() => this.ping(), PING_MS).unref();
  }

  /** Gives the one URL to open. Throws ERR_PORT_IN_USE, ERR_PORT_FORBIDDEN, ERR_LISTEN. */
  async start(): Promise<{ url: string; port: number }> {
    const { host, port } = this.options.listen;
    await new Promise<void>((resolve, reject) => {
      const failed = (error: Error): void => {
        listenError({ host, port, otherPort: ANY_PORT, otherHost: ANY_PORT }, error).then(reject, reject);
      };
      this.server.once('error', failed);
      this.server.listen({ host: host === '*' ? undefined : host, port }, () => {
        // What goes wrong later (no more files for a socket) ends that connection, not the host.
        this.server.off('error', failed).on('error', () => {});
        resolve();
      });
    });
    const bound = (this.server.address() as AddressInfo).port;
    this.access.listensAt(bound);
    const name = this.options.names?.[0] ?? (isEveryHost(host) ? '127.0.0.1' : host);
    const scheme = this.options.tls === undefined ? 'http' : 'https';
    return { url: `${scheme}://${printHostPort(name, bound)}/?token=${this.options.token}`, port: bound };
  }

  async close(): Promise<void> {
    clearInterval(this.pings);
    for (const socket of this.sockets.clients) socket.close(1001);
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    for (const socket of this.sockets.clients) socket.terminate();
    await closed;
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    response.setHeader('Cache-Control', 'no-store');
    if (!this.access.isKnownHost(request)) {
      return tell(
        response,
        421,
        'This name is not known here. Start culvert ui with --allow-host NAME for it.',
      );
    }
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return tell(response, 405, 'Only GET and HEAD.');
    const address = request.url ?? '/';
    // `//` is a path to a client, and no address to a URL's parser.
    if (!address.startsWith('/') || !URL.canParse(address, 'http://host')) {
      return tell(response, 400, 'This is no address.');
    }
    const url = new URL(address, 'http://host');
    const token = url.searchParams.get('token');
    if (token !== null && this.access.isToken(token)) {
      // The token leaves the address, and so the history and what is copied from there.
      url.searchParams.delete('token');
      response.setHeader('Set-Cookie', this.access.cookie());
      // `//name` would be another host.
      const path = url.pathname.replace(/^\/+/, '/');
      response.writeHead(303, { Location: `${path}${url.search}` }).end();
      return;
    }
    if (!this.access.hasCookie(request)) return refuse(response);
    this.sendFile(url.pathname, request, response);
  }

  private sendFile(path: string, request: IncomingMessage, response: ServerResponse): void {
    const file = path === '/' ? '/index.html' : path;
    if (path === '/' && !existsSync(join(this.page, 'index.html'))) {
      return tell(response, 503, 'The page was not built: run npm run build.');
    }
    // Names under assets/ hold a hash of their content.
    const lasting = file.startsWith('/assets/');
    if (lasting) response.setHeader('Cache-Control', 'private, max-age=31536000, immutable');
    send(request, file, { root: this.page, index: false, dotfiles: 'deny', cacheControl: false, etag: true })
      .on('error', () => {
        response.setHeader('Cache-Control', 'no-store');
        tell(response, 404, 'There is nothing here.');
      })
      .on('directory', () => tell(response, 404, 'There is nothing here.'))
      .pipe(response);
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => {});
    const { access, sockets } = this;
    const path = (request.url ?? '').split('?')[0];
    const reason = !access.isKnownHost(request)
      ? '421 Misdirected Request'
      : path !== PIPE_PATH
        ? '404 Not Found'
        : !access.isOwnOrigin(request)
          ? '403 Forbidden'
          : !access.hasCookie(request)
            ? '401 Unauthorized'
            : sockets.clients.size >= MAX_PIPES
              ? '503 Service Unavailable'
              : undefined;
    if (reason !== undefined) {
      const answer = `HTTP/1.1 ${reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
      // A client that does not close keeps no socket of ours.
      socket.end(answer, () => socket.destroy());
      return;
    }
    sockets.handleUpgrade(request, socket, head, (pipe) => {
      pipe.on('error', () => pipe.terminate());
      pipe.on('pong', () => this.quiet.delete(pipe));
      this.options.pipes.serve(pipe);
    });
  }

  /** A page whose machine fell asleep leaves a socket behind: it is closed at the second ping without an answer. */
  private ping(): void {
    for (const pipe of this.sockets.clients) {
      if (this.quiet.has(pipe)) pipe.terminate();
      else {
        this.quiet.add(pipe);
        pipe.ping();
      }
    }
    for (const pipe of this.quiet) if (!this.sockets.clients.has(pipe)) this.quiet.delete(pipe);
  }
}

function tell(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}

/** A link rather than a redirect: followed from here, the browser sends the cookie, as it does not from elsewhere. */
function refuse(response: ServerResponse): void {
  const text =
    '<!doctype html><meta charset="utf-8"><title>Culvert</title>' +
    '<p>Open the address that <code>culvert ui</code> printed: its token is needed once.</p>' +
    '<p>If you just did, <a href="/">go on to Culvert</a>.</p>';
  response.writeHead(401, { 'Content-Type': 'text/html; charset=utf-8' }).end(text);
}
