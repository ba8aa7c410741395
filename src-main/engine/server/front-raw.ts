import type { Socket } from 'node:net';
import { LAST_CHUNK, writeChunk } from '../carrier/http/chunked.ts';
import { writeAll } from '../native/direct-write.ts';
import { unpace } from '../native/local-pacing.ts';
import type { RawCopy, RawHandler, RawSink, RawStream } from './front-hooks.ts';
import type { LinkEvents } from './front-link.ts';
import type { RequestHead } from './head-scan.ts';

interface RawRequest {
  readonly keepAlive: boolean;
  sink: RawSink | undefined;
  /** Kept until the answers before it are out. */
  answer: { head: string; parts: readonly Buffer[]; onWritten: (() => void) | undefined } | undefined;
  /** Its answer is being streamed. */
  onDrain: (() => void) | undefined;
}

/**
 * The tunnel's own requests, answered on the client's socket itself. A detour through `http.Server` costs more than
 * the tunnel's encryption.
 */
export class RawLink {
  readonly kind = 'raw';
  readonly isOpen = true;
  ended = false;
  finished = false;
  private client: Socket;
  private readonly idleMs: number;
  private events: LinkEvents | undefined;
  private requests: RawRequest[] = [];
  private reading: RawRequest | undefined;
  /** Silence ends the connection. */
  private watched = false;

  constructor(client: Socket, idleMs: number, events: LinkEvents) {
    this.client = client;
    this.idleMs = idleMs;
    this.events = events;
  }

  /** The same connection in another object. */
  moveTo(client: Socket): void {
    this.client = client;
    unpace(client);
    client.setTimeout(this.watched ? this.idleMs : 0);
  }

  /**
   * Silence is the end between requests and within one, whose sender may be gone for good without a word. Not while an
   * answer is held: then it is ours.
   */
  private watch(on: boolean): void {
    if (this.watched === on) return;
    this.watched = on;
    this.client.setTimeout(on ? this.idleMs : 0);
  }

  get openRequests(): number {
    return this.requests.length;
  }

  begin(handler: RawHandler, head: RequestHead): void {
    const request: RawRequest = {
      keepAlive: keepsAlive(head),
      sink: undefined,
      answer: undefined,
      onDrain: undefined,
    };
    this.requests.push(request);
    this.reading = request;
    this.watch(true);
    if (head.expects && head.version === '1.1') this.client.write('HTTP/1.1 100 Continue\r\n\r\n');
    const copy: RawCopy = {
      respond: (lines, parts, onWritten) => {
        if (request.answer !== undefined || request.onDrain !== undefined) return;
        if (this.events === undefined) return;
        request.answer = { head: lines, parts, onWritten };
        this.flush();
      },
      open: (lines, onDrain) => {
        const mayOpen = head.version === '1.1' && request === this.requests[0] && request !== this.reading;
        return mayOpen && this.events !== undefined ? this.open(request, lines, onDrain) : undefined;
      },
      destroy: () => {
        if (this.events !== undefined && this.requests.includes(request)) this.client.destroy();
      },
    };
    request.sink = handler.serve(copy);
  }

  /** Part of the body, without any transfer coding; valid during the call. */
  body(content: Buffer): void {
    this.reading?.sink?.onBody(content);
  }

  endBody(): void {
    const { reading } = this;
    this.reading = undefined;
    reading?.sink?.onEnd();
    this.flush();
    if (this.requests.length > 0) this.watch(false);
  }

  private flush(): void {
    while (this.requests.length > 0) {
      const [request] = this.requests;
      // An answer before the end of the question would leave the connection in doubt.
      if (request.answer === undefined || request === this.reading) return;
      const { client } = this;
      const { head: lines, parts, onWritten } = request.answer;
      writeAll(client, [Buffer.from(head(lines, !request.keepAlive), 'latin1'), ...parts], onWritten);
      if (!this.answered(request)) return;
    }
    this.watch(true);
    if (this.finished) this.end();
    else this.events?.onRawIdle();
  }

  /** The first request's answer is out. False: it was the connection's last. */
  private answered(request: RawRequest): boolean {
    this.requests.shift();
    request.sink?.onClose();
    if (request.keepAlive) return true;
    this.fail();
    this.watch(true);
    this.client.end();
    return false;
  }

  /** Chunked (RFC 9112 §7.1). */
  private open(request: RawRequest, lines: string, onDrain: () => void): RawStream {
    const isOpen = (): boolean => this.events !== undefined && this.requests[0] === request;
    request.onDrain = onDrain;
    unpace(this.client);
    this.client.write(head(`${lines}Transfer-Encoding: chunked\r\n`, !request.keepAlive), 'latin1');
    const client = (): Socket => this.client;
    return {
      get backlog() {
        return client().writableLength;
      },
      write: (parts, onWritten) => {
        if (isOpen()) writeChunk(this.client, parts, onWritten);
      },
      end: () => {
        if (!isOpen()) return;
        this.client.write(LAST_CHUNK, 'latin1');
        if (this.answered(request)) this.flush();
      },
    };
  }

  finish(): void {
    this.finished = true;
    // The rest of its body will not come.
    if (this.reading !== undefined) return void this.client.destroy();
    if (this.requests.length === 0) this.end();
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    this.events?.onEnd();
  }

  pause(): void {}
  /** The client's socket has room again. */
  resume(): void {
    this.requests[0]?.onDrain?.();
  }
  written(): Buffer[] {
    return [];
  }
  /** Bytes go through `body`. */
  write(_bytes?: Buffer): boolean {
    return true;
  }

  /** The connection is over or somebody else's: nobody waits for answers any more. */
  release(_lingerMs?: number, _reset?: boolean): void {
    this.events = undefined;
    this.client.setTimeout(0);
    this.fail();
  }

  private fail(): void {
    const requests = this.requests;
    this.requests = [];
    this.reading = undefined;
    for (const request of requests) request.sink?.onClose();
  }
}

let date = '';
let dateSecond = 0;

function head(lines: string, close: boolean): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    date = new Date().toUTCString();
  }
  return `HTTP/1.1 200 OK\r\n${lines}Date: ${date}\r\nConnection: ${close ? 'close' : 'keep-alive'}\r\n\r\n`;
}

/** RFC 9112 §9.3. */
function keepsAlive(request: RequestHead): boolean {
  let connection = '';
  const { rawHeaders } = request;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i].toLowerCase() === 'connection') connection += `,${rawHeaders[i + 1].toLowerCase()}`;
  }
  if (/\bclose\b/.test(connection)) return false;
  return request.version === '1.1' || /\bkeep-alive\b/.test(connection);
}
