import type { Socket } from 'node:net';
import { describeError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { BULK_BYTES, moveHandle } from '../base/socket-reader.ts';
import type { Cover } from './cover.ts';
import { type FrontHooks, messageOf, type RawHandler, type RequestClaim } from './front-hooks.ts';
import type { FrontLimits } from './front-limits.ts';
import { FrontLink, type LinkEvents, resetStream } from './front-link.ts';
import { RawLink } from './front-raw.ts';
import { FrontRequests, type RequestSink } from './front-requests.ts';
import type { RequestHead } from './head-scan.ts';

export interface FrontContext {
  readonly cover: Cover;
  readonly hooks: FrontHooks;
  readonly limits: FrontLimits;
  readonly log: Logger;
  /** The connection is over, or the tunnel's. */
  onGone(connection: FrontConnection): void;
}

const EMPTY = Buffer.alloc(0);
/** Of bytes that are read into the shared buffer, so many at a time are copied where they may be kept: a head. */
const COPY_BYTES = 2 << 10;

/**
 * One client's connection. Its bytes pass to the cover site unchanged, over a connection of its own, until a hook
 * claims a request; answers pass back unread. So resets, half-closes and time-outs are the cover's too.
 *
 *     client ──► requests ──► hooks ──┬─► cover link ───► cover site
 *        ▲                            └─► raw link ────► hook's handler
 *        └───────────── bytes of the one link there is
 */
export class FrontConnection implements LinkEvents, RequestSink {
  private client: Socket;
  private readonly context: FrontContext;
  private readonly requests: FrontRequests;
  private link: FrontLink | RawLink | undefined;
  /** Bytes for the cover, while the tunnel's link is being ended; what came after them waits in `stash`. */
  private turning: Buffer | undefined;
  /** At most what one read brought: the client is paused. */
  private stash: Buffer[] = [];
  private clientEnded = false;
  private clientFailed = false;
  private gone = false;
  /** Bytes of bodies served on the bare socket. */
  private rawBytes = 0;
  private lastTraffic = performance.now();
  private readonly silence: NodeJS.Timeout;

  constructor(client: Socket, context: FrontContext) {
    this.client = client;
    this.context = context;
    this.requests = new FrontRequests(this, context.limits);
    this.listen();
    this.silence = setTimeout(() => {
      this.link ??= this.connect();
    }, context.limits.coverConnectDelayMs).unref();
  }

  /** Between requests, and nothing has moved for `quietMs`: closing it now hurts nobody. */
  isQuiet(quietMs: number): boolean {
    if (!this.requests.isIdle || this.unanswered > 0 || this.turning !== undefined) return false;
    return performance.now() - this.lastTraffic >= quietMs;
  }

  destroy(): void {
    this.client.destroy();
    this.cleanUp(false);
  }

  // The client's side.

  private listen(): void {
    this.client.on('data', this.onClientData);
    this.client.on('end', this.onClientEnd);
    this.client.on('drain', this.onClientDrain);
    this.client.on('error', this.onClientError);
    this.client.on('close', this.onClientClose);
    this.client.on('timeout', this.onClientTimeout);
  }

  private unlisten(): void {
    this.client.off('data', this.onClientData);
    this.client.off('end', this.onClientEnd);
    this.client.off('drain', this.onClientDrain);
    this.client.off('error', this.onClientError);
    this.client.off('close', this.onClientClose);
    this.client.off('timeout', this.onClientTimeout);
  }

  private readonly onClientData = (chunk: Buffer): void => {
    this.lastTraffic = performance.now();
    this.feed(chunk);
  };

  private readonly onClientEnd = (): void => {
    this.clientEnded = true;
    if (this.turning !== undefined) return;
    this.finishLink();
  };

  private readonly onClientDrain = (): void => this.link?.resume();

  private readonly onClientError = (): void => {
    this.clientFailed = true;
  };

  private readonly onClientClose = (): void => this.cleanUp(this.clientFailed);

  private readonly onClientTimeout = (): void => this.destroy();

  private cleanUp(reset: boolean): void {
    if (this.gone) return;
    this.gone = true;
    clearTimeout(this.silence);
    this.link?.release(this.context.limits.lingerMs, reset);
    this.context.onGone(this);
  }

  /**
   * A connection of the tunnel's that carries bulk is read through the shared buffer (see `base/socket-reader.ts`), as
   * the tunnel's other sockets are. Not inside a read: Node still works on the old object then.
   */
  private readonly moveToShared = (): void => {
    const { client, link } = this;
    if (this.gone || link?.kind !== 'raw' || client.isPaused()) return;
    const moved = moveHandle(client, this.onSharedData);
    if (moved === undefined) {
      this.rawBytes = 0;
      return;
    }
    this.unlisten();
    this.client = moved;
    this.listen();
    link.moveTo(moved);
  };

  private readonly onSharedData = (chunk: Buffer): boolean => {
    this.lastTraffic = performance.now();
    let rest = chunk;
    while (rest.length > 0 && !this.gone) {
      if (this.turning === undefined && this.requests.isInRawBody) rest = this.requests.step(rest);
      else {
        this.feed(Buffer.from(rest.subarray(0, COPY_BYTES)));
        rest = rest.subarray(COPY_BYTES);
      }
    }
    return true;
  };

  private feed(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0 && !this.gone) {
      if (this.turning !== undefined) {
        this.stash.push(rest);
        this.client.pause();
        return;
      }
      rest = this.requests.step(rest);
    }
  }

  // What the requests ask for.

  isTunnel(): boolean {
    return this.link !== undefined && this.link.kind !== 'cover';
  }

  offerUpgrade(head: RequestHead, after: Buffer): boolean {
    const { client } = this;
    // The hook gets the socket as `http.Server` gives it: no listeners, and neither `unshift` nor waiting loses bytes.
    this.unlisten();
    client.pause();
    const claim = (): boolean => this.context.hooks.claimUpgrade(messageOf(head, client), client, after);
    const owned = this.guard(claim);
    if (owned) this.cleanUp(false);
    else this.listen();
    if (!owned || client.listenerCount('data') > 0) client.resume();
    return owned;
  }

  offerRequest(head: RequestHead): RequestClaim {
    return this.guard(() => this.context.hooks.claimRequest(messageOf(head, this.client)));
  }

  /** A hook that fails does not show: the request is the cover's. */
  private guard<T>(ask: () => T): T | false {
    try {
      return ask();
    } catch (error) {
      this.context.log.error(`a request was left to the cover site: ${describeError(error)}`);
      return false;
    }
  }

  beginRaw(handler: RawHandler, head: RequestHead): void {
    if (this.link?.kind !== 'raw') {
      this.link?.release(0, false);
      clearTimeout(this.silence);
      this.link = new RawLink(this.client, this.context.limits.tunnelIdleMs, this);
    }
    if (this.link.openRequests >= this.context.limits.maxPipelined) return this.destroy();
    this.link.begin(handler, head);
  }

  rawBody(content: Buffer): void {
    if (this.link?.kind !== 'raw') return;
    const before = this.rawBytes;
    this.rawBytes += content.length;
    if (before < BULK_BYTES && this.rawBytes >= BULK_BYTES) setImmediate(this.moveToShared);
    this.link.body(content);
  }

  endRaw(whole: boolean): void {
    if (!whole) this.destroy();
    else if (this.link?.kind === 'raw') this.link.endBody();
  }

  onRawIdle(): void {
    this.lastTraffic = performance.now();
    this.turn();
  }

  private get unanswered(): number {
    return this.link?.kind === 'raw' ? this.link.openRequests : 0;
  }

  deliver(bytes: Buffer): void {
    if (this.link?.kind === 'raw') {
      this.turning = bytes;
      this.turn();
      return;
    }
    this.link ??= this.connect();
    if (bytes.length > 0 && !this.link.write(bytes)) this.client.pause();
  }

  // The server's side.

  private connect(): FrontLink {
    clearTimeout(this.silence);
    const { stream, isOpen } = this.context.cover.connect(this.client);
    return new FrontLink(stream, isOpen, this);
  }

  private finishLink(): void {
    this.link ??= this.connect();
    if (!this.link.finished) this.link.finish();
  }

  /** From tunnel to cover: once all answers are out, the tunnel's link is ended, and its FIN awaited. */
  private turn(): void {
    if (this.turning !== undefined && this.unanswered === 0) this.finishLink();
  }

  private endTurn(bytes: Buffer): void {
    this.turning = undefined;
    this.link?.release(0, false);
    this.link = undefined;
    this.client.resume();
    this.deliver(bytes);
    const stash = this.stash;
    this.stash = [];
    for (const chunk of stash) this.feed(chunk);
    if (this.clientEnded) this.onClientEnd();
  }

  onData(chunk: Buffer): void {
    this.lastTraffic = performance.now();
    this.requests.coverSpoke();
    if (!this.client.write(chunk)) this.link?.pause();
  }

  onDrain(): void {
    if (this.turning === undefined) this.client.resume();
  }

  onEnd(): void {
    if (this.turning !== undefined && this.link?.finished) {
      this.endTurn(this.turning);
      return;
    }
    this.client.end();
    this.client.setTimeout(this.context.limits.lingerMs);
  }

  onClose(failed: boolean): void {
    const { link, client } = this;
    if (link === undefined || this.gone) return;
    if (!link.isOpen) {
      this.standIn(link);
    } else if (failed) {
      // What the site said before it cut the connection is still the client's.
      client.write(EMPTY, () => resetStream(client));
      client.setTimeout(this.context.limits.lingerMs);
    } else if (!link.ended) {
      client.destroy();
    }
  }

  /** The cover cannot be reached: a site in the process answers in its place. */
  private standIn(lost: FrontLink | RawLink): void {
    const { stream, isOpen } = this.context.cover.connectStandIn(this.client);
    this.link = new FrontLink(stream, isOpen, this);
    for (const bytes of lost.written()) this.link.write(bytes);
    if (lost.finished) this.link.finish();
    this.client.resume();
  }
}
