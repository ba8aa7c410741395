import type { Socket } from 'node:net';
import { type Clock, systemClock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import { resetSocket } from '../base/reset-socket.ts';
import type { StreamOpener, Target } from '../mux/types.ts';
import { ByteReader, readMessage, writeTo } from './byte-reader.ts';
import { targetText } from './host-name.ts';
import { BodyTracker, type Framing } from './http-framing.ts';
import { type HttpBad, parseResponseHead, type ResponseHead } from './http-head.ts';
import { brokenPage, failurePage, idlePage, statusPage } from './http-pages.ts';
import { type ForwardRequest, forwardResponse } from './http-proxy.ts';
import { LINGER_MS, replyAndClose } from './reply-and-close.ts';
import { isOpenError, openDuplex, type StreamDuplex } from './stream-duplex.ts';

/** A connection to a server, and whether it carried an exchange before. */
interface Upstream {
  readonly key: string;
  readonly duplex: StreamDuplex;
  readonly reader: ByteReader;
  used: boolean;
}

/** Methods whose request may be sent a second time when a kept connection turns out dead, RFC 9110 §9.2.2. */
const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** The client's body ended early or was malformed: its own fault, not the server's. */
class BadBodyError extends Error {
  constructor() {
    super('the request body was cut short or malformed');
  }
}

/** Nothing moved between the client and the server. */
class IdleError extends Error {
  readonly ms: number;

  constructor(ms: number) {
    super(`nothing moved for ${ms / 1000} s`);
    this.ms = ms;
  }
}

/**
 * Forwards the absolute-form requests of one client connection, one after another. Bodies go through as they
 * are framed; only their ends are tracked. The server's connection is kept for the next request to the same
 * host and port, one at a time, for as long as the client's connection lives.
 *
 *   client socket ─► ByteReader ─► request body ─► StreamDuplex ─► tunnel
 *   client socket ◄─ response head, body ◄─ ByteReader ◄─ StreamDuplex ◄─
 */
export class HttpForwarder {
  private readonly socket: Socket;
  private readonly client: ByteReader;
  private readonly opener: StreamOpener;
  private readonly clock: Clock;
  private kept: Upstream | undefined;
  private active: Upstream | undefined;
  private spliced = false;
  private readonly idleMs: number;

  /** `idleMs`: an exchange in which nothing moves for this long ends; 0 = never. */
  constructor(
    socket: Socket,
    client: ByteReader,
    opener: StreamOpener,
    clock: Clock = systemClock,
    idleMs = 0,
  ) {
    this.socket = socket;
    this.client = client;
    this.opener = opener;
    this.clock = clock;
    this.idleMs = idleMs;
    // Whatever moves, either way, moves on this socket too.
    if (idleMs > 0) socket.on('timeout', () => this.active?.duplex.destroy(new IdleError(idleMs)));
    socket.once('close', () => {
      this.active?.duplex.destroy();
      this.close();
    });
  }

  /**
   * Carries out one request. True when the client's connection may bring another one; otherwise the
   * connection has been answered, and closed or handed over. Never rejects.
   */
  async exchange(request: ForwardRequest): Promise<boolean> {
    if (this.socket.destroyed) return false;
    const upstream = this.takeKept(request.target) ?? this.open(request.target);
    try {
      return await this.exchangeOver(upstream, request);
    } catch (error) {
      return this.fail(upstream, request, error);
    } finally {
      if (!this.spliced) this.socket.setTimeout(0);
      if (!this.spliced && this.active === upstream) this.active = undefined;
    }
  }

  /** Closes the kept connection. */
  close(): void {
    if (this.kept !== undefined) this.retire(this.kept);
    this.kept = undefined;
  }

  private async exchangeOver(upstream: Upstream, request: ForwardRequest): Promise<boolean> {
    this.active = upstream;
    if (upstream.used) this.socket.setTimeout(this.idleMs);
    upstream.duplex.write(request.head);
    let sent = false;
    const sending = this.sendBody(upstream, request.framing).then((complete) => {
      sent = complete;
    });
    const first = await this.readHead(upstream);
    if (first.kind === 'silent') {
      if (!upstream.used || first.error instanceof BadBodyError) throw first.error;
      upstream.duplex.destroy();
      if (request.framing.kind === 'none' && REPEATABLE.has(request.method)) {
        return this.exchange(request);
      }
      // As the server would have done without a proxy: clients know how to repeat this.
      this.client.detach();
      replyAndClose(this.socket, undefined, this.clock);
      return false;
    }

    let head: ResponseHead | HttpBad = first;
    let continued = false;
    while (head.kind === 'response' && head.status < 200 && !(head.status === 101 && request.upgrade)) {
      if (head.status === 101) throw new Error('it switched protocols unasked');
      continued ||= head.status === 100;
      const interim = forwardResponse(request, head);
      if (request.minor === 1 && interim.kind === 'response') await writeTo(this.socket, interim.head);
      const next = await this.readHead(upstream);
      if (next.kind === 'silent') throw next.error;
      head = next;
    }
    if (head.kind === 'bad') throw new Error(head.reason);
    // A client that was never told to continue may send its body or not: its next bytes cannot be read.
    const unsure = request.expectsContinue && !continued && !sent;
    const persistent = request.persistent && !unsure;
    const response = forwardResponse({ method: request.method, persistent }, head);
    if (response.kind === 'bad') throw new Error(response.reason);
    if (!(await writeTo(this.socket, response.head))) return this.abandon(upstream);
    if (head.status === 101) return this.splice(upstream);
    if (!(await this.relayBody(upstream, response.framing))) return false;

    // An early answer does not end the upload, unless the server ends the connection with it.
    if (response.reusable && !unsure) await sending;
    if (sent && response.persistent) {
      if (response.reusable && upstream.reader.idle) this.keep(upstream);
      else this.retire(upstream);
      return true;
    }
    this.client.detach();
    replyAndClose(this.socket, undefined, this.clock);
    if (sent) this.retire(upstream);
    else this.abandon(upstream);
    return false;
  }

  /** A response head, or `silent` when the connection was lost before its first byte. */
  private async readHead(
    upstream: Upstream,
  ): Promise<ResponseHead | HttpBad | { readonly kind: 'silent'; readonly error: Error }> {
    let silent = true;
    const onFirstByte = (): void => {
      silent = false;
    };
    try {
      const head = await readMessage(upstream.reader, parseResponseHead, onFirstByte);
      if (head.kind !== 'ended') return head;
      throw new Error('it closed the connection without answering');
    } catch (error) {
      if (!silent || !(error instanceof Error)) throw error;
      return { kind: 'silent', error };
    }
  }

  /** Sends the request body as it arrives. False when one side was lost or the framing is malformed. */
  private async sendBody(upstream: Upstream, framing: Framing): Promise<boolean> {
    const body = new BodyTracker(framing);
    try {
      while (!body.done) {
        const chunk = await this.client.next();
        const used = chunk === null ? -1 : body.take(chunk);
        if (chunk === null || used < 0) {
          upstream.duplex.destroy(new BadBodyError());
          return false;
        }
        this.client.putBack(chunk.subarray(used));
        if (!(await writeTo(upstream.duplex, chunk.subarray(0, used)))) return false;
      }
      return true;
    } catch {
      return false;
    }
  }

  /** Passes the response body on. False when it was cut short: the client has been told the way TCP tells. */
  private async relayBody(upstream: Upstream, framing: Framing): Promise<boolean> {
    const body = new BodyTracker(framing);
    try {
      while (!body.done) {
        const chunk = await upstream.reader.next();
        if (chunk === null && framing.kind === 'untilClose') return true;
        const used = chunk === null ? -1 : body.take(chunk);
        if (chunk === null || used < 0) {
          // The framing tells the client that something is missing, so what it got need not be thrown away.
          this.client.detach();
          replyAndClose(this.socket, undefined, this.clock);
          return this.abandon(upstream);
        }
        upstream.reader.putBack(chunk.subarray(used));
        if (!(await writeTo(this.socket, chunk.subarray(0, used)))) return this.abandon(upstream);
      }
      return true;
    } catch {
      resetSocket(this.socket);
      return this.abandon(upstream);
    }
  }

  /** After a 101: both connections are raw from here. */
  private splice(upstream: Upstream): false {
    const { socket } = this;
    const { duplex } = upstream;
    this.spliced = true;
    const up = this.client.detach();
    const down = upstream.reader.detach();
    if (up.length > 0) duplex.write(up);
    if (down.length > 0) socket.write(down);
    duplex.on('error', () => resetSocket(socket));
    if (socket.readableEnded) duplex.end();
    else socket.pipe(duplex);
    if (duplex.readableEnded) socket.end();
    else duplex.pipe(socket);
    return false;
  }

  /** Nothing of a final response has been sent: says what went wrong. */
  private fail(upstream: Upstream, request: ForwardRequest, error: unknown): false {
    const { target, method } = request;
    this.client.detach();
    replyAndClose(this.socket, errorPage(target, error, method), this.clock);
    return this.abandon(upstream);
  }

  private abandon(upstream: Upstream): false {
    upstream.duplex.destroy();
    return false;
  }

  private open(target: Target): Upstream {
    const duplex = openDuplex(this.opener, target);
    // The reader sees errors while it reads; this keeps a later one from being uncaught.
    duplex.on('error', () => {});
    // Until then the dial timeout holds.
    duplex.once('connect', () => this.active?.duplex === duplex && this.socket.setTimeout(this.idleMs));
    return { key: targetText(target).toLowerCase(), duplex, reader: new ByteReader(duplex), used: false };
  }

  private keep(upstream: Upstream): void {
    upstream.used = true;
    this.kept = upstream;
    upstream.duplex.once('end', () => {
      if (this.kept === upstream) this.close();
    });
  }

  private takeKept(target: Target): Upstream | undefined {
    const upstream = this.kept;
    if (upstream === undefined) return undefined;
    this.kept = undefined;
    if (upstream.key === targetText(target).toLowerCase() && upstream.reader.idle) return upstream;
    this.retire(upstream);
    return undefined;
  }

  /** Ends a connection in order, and by a reset when the server does not end it too. */
  private retire(upstream: Upstream): void {
    const { duplex } = upstream;
    if (duplex.destroyed) return;
    upstream.reader.detach();
    const timer = this.clock.after(LINGER_MS, () => duplex.destroy());
    duplex.once('close', () => timer.cancel());
    duplex.end();
  }
}

function errorPage(target: Target, error: unknown, method: string): Buffer {
  if (isOpenError(error)) return failurePage(target, error.failure, error.message, method);
  if (error instanceof IdleError) return idlePage(target, error.ms, method);
  if (error instanceof BadBodyError) return statusPage(400, `Not forwarded: ${error.message}.`, { method });
  return brokenPage(target, describeError(error), method);
}
