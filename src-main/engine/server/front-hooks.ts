import { type IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { RequestHead } from './head-scan.ts';

/** One delivery of a claimed request. It is served on the socket itself, without `http.Server`. */
export interface RawCopy {
  /**
   * Status 200 with these header lines, each with its CRLF; they give the body's length. Once. `onWritten`: the parts
   * have left the process.
   */
  respond(lines: string, parts: readonly Buffer[], onWritten?: () => void): void;
  /**
   * Status 200 and a body without a length, instead of `respond`. Undefined where HTTP has no way to end such a body
   * but closing, or earlier answers are still to come.
   */
  open(lines: string, onDrain: () => void): RawStream | undefined;
  /** Cuts the connection. */
  destroy(): void;
}

/** An answer whose body is made as it goes. */
export interface RawStream {
  /** Bytes that the kernel has not taken. */
  readonly backlog: number;
  write(parts: readonly Buffer[], onWritten: () => void): void;
  end(): void;
}

export interface RawSink {
  /** Part of the body, without any transfer coding; valid during the call. */
  onBody(chunk: Buffer): void;
  /** The body arrived whole. */
  onEnd(): void;
  /** Answered, or the connection is gone. */
  onClose(): void;
}

export interface RawHandler {
  serve(copy: RawCopy): RawSink;
}

/** What `claimRequest` makes of a request's head: false, it is the cover's; a handler, it is the tunnel's. */
export type RequestClaim = false | RawHandler;

/** How the tunnel takes what is its own. Both are called synchronously and must decide at once. */
export interface FrontHooks {
  /**
   * An upgrade request without a body. True: the socket is the tunnel's now, with `head`, the bytes after the
   * request's head; the front has no listener on it any more. It flows when the hook put a `data` listener on it,
   * else it is paused.
   */
  claimUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): boolean;
  /** Any other request whose length is beyond doubt. `request` has a head, but its stream is empty. */
  claimRequest(request: IncomingMessage): RequestClaim;
}

/** The head as hooks see it. */
export function messageOf(head: RequestHead, socket: Socket): IncomingMessage {
  const message = new IncomingMessage(socket);
  message.method = head.method;
  message.url = head.target;
  message.httpVersion = head.version;
  message.httpVersionMajor = 1;
  message.httpVersionMinor = head.version === '1.1' ? 1 : 0;
  message.rawHeaders = head.rawHeaders;
  message.headers = joinHeaders(head.rawHeaders);
  return message;
}

/** Names of which `http` keeps the first value only, of those that a request may have. */
const FIRST_ONLY = new Set([
  ...['age', 'authorization', 'content-length', 'content-type', 'etag', 'expires', 'from', 'host'],
  ...['if-modified-since', 'if-unmodified-since', 'last-modified', 'location', 'max-forwards'],
  ...['proxy-authorization', 'referer', 'retry-after', 'server', 'user-agent'],
]);

/** `IncomingMessage.headers` by Node's rules for duplicates; a message that no parser filled has none of its own. */
function joinHeaders(raw: readonly string[]): IncomingHttpHeaders {
  // Without a prototype: a header may be named `constructor`.
  const headers: IncomingHttpHeaders = Object.create(null);
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i].toLowerCase();
    const value = raw[i + 1];
    const earlier = headers[name];
    if (name === 'set-cookie') headers[name] = [...(headers[name] ?? []), value];
    else if (earlier === undefined) headers[name] = value;
    else if (!FIRST_ONLY.has(name)) headers[name] = `${earlier}${name === 'cookie' ? '; ' : ', '}${value}`;
  }
  return headers;
}
