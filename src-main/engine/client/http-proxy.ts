import type { Target } from '../mux/types.ts';
import { parseAuthority } from './host-name.ts';
import { type Framing, requestFraming, responseFraming } from './http-framing.ts';
import {
  type HeaderField,
  type HttpBad,
  printHead,
  type RequestHead,
  type ResponseHead,
  tokensOf,
  valuesOf,
} from './http-head.ts';

/** A request in absolute-form, rewritten for the server it is meant for. */
export interface ForwardRequest {
  readonly target: Target;
  readonly method: string;
  /** The head in origin-form, ready to send. */
  readonly head: Buffer;
  readonly framing: Framing;
  /** The client means to send more requests on this connection. */
  readonly persistent: boolean;
  /** The client asked to switch protocols: a 101 makes both connections raw. */
  readonly upgrade: boolean;
  /** The client waits for a 100 before it sends the body. */
  readonly expectsContinue: boolean;
  readonly minor: 0 | 1;
}

/** What a client wants of an HTTP proxy port. */
export type ProxyRequest =
  | { readonly kind: 'connect'; readonly target: Target }
  | { readonly kind: 'forward'; readonly request: ForwardRequest }
  /** Not a proxy request: a browser opened the port itself. */
  | { readonly kind: 'direct'; readonly method: string }
  | HttpBad;

/** A response head as the client gets it, and what it means for the two connections. */
export interface ForwardResponse {
  readonly kind: 'response';
  readonly head: Buffer;
  readonly framing: Framing;
  /** The client's connection can carry another request. */
  readonly persistent: boolean;
  /** The server's connection can carry another request. */
  readonly reusable: boolean;
}

/** Hop-by-hop whether listed in Connection or not: RFC 9110 §7.6.1, and the proxy's own credentials. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'te',
  'upgrade',
]);
/** Bodies are passed on as they are framed, so listing these in Connection must not remove them. */
const NEVER_DROPPED = new Set(['host', 'content-length', 'transfer-encoding', 'trailer']);

/** Says what a request asks for, RFC 9112 §3.2. */
export function classify(head: RequestHead): ProxyRequest {
  if (head.method === 'CONNECT') {
    const target = parseAuthority(head.target);
    return target === undefined ? bad(400, 'CONNECT needs host:port') : { kind: 'connect', target };
  }
  if (head.target.startsWith('/')) return { kind: 'direct', method: head.method };
  const scheme = /^([A-Za-z][A-Za-z0-9+\-.]*):\/\//.exec(head.target);
  if (scheme === null) return bad(400, 'the request-target is neither a URL nor a path');
  if (scheme[1].toLowerCase() !== 'http') {
    return bad(400, `this proxy forwards http:// URLs; for ${scheme[1]}:// use CONNECT`);
  }
  return forward(head, head.target.slice(scheme[0].length));
}

/**
 * Prints a final or interim response for the client. `persistent` is the wish of the request; the result has
 * what became of it. The body must follow as it came.
 */
export function forwardResponse(
  request: Pick<ForwardRequest, 'method' | 'persistent'>,
  head: ResponseHead,
): ForwardResponse | HttpBad {
  const framing = responseFraming(request.method, head);
  if (framing.kind === 'bad') return framing;
  const tokens = tokensOf(head.fields, 'connection');
  const framed = framing.kind !== 'untilClose';
  const reusable = framed && (head.minor === 1 ? !tokens.includes('close') : tokens.includes('keep-alive'));
  const persistent = request.persistent && framed;
  const fields = endToEnd(head.fields, tokens, head.status === 101);
  // RFC 9112 §6.3: Transfer-Encoding overrides Content-Length, which a proxy then removes; several equal
  // lengths become one.
  const chunked = valuesOf(head.fields, 'transfer-encoding').length > 0;
  const repeated = framing.kind === 'length' && valuesOf(head.fields, 'content-length').length > 1;
  const kept = chunked || repeated ? without(fields, 'content-length') : fields;
  if (repeated) kept.push({ name: 'Content-Length', value: String(framing.bytes) });
  if (head.status === 101) kept.push({ name: 'Connection', value: 'Upgrade' });
  else if (head.status >= 200 && !persistent) kept.push({ name: 'Connection', value: 'close' });
  const line = `HTTP/1.1 ${head.status} ${head.reason}`;
  return { kind: 'response', head: printHead(line, kept), framing, persistent, reusable };
}

/** No Via field is added (RFC 9110 §7.6.3 asks for one): the tunnel is to be invisible to the server. */
function forward(head: RequestHead, afterScheme: string): ProxyRequest {
  const cut = afterScheme.search(/[/?#]/);
  const authority = cut < 0 ? afterScheme : afterScheme.slice(0, cut);
  const path = cut < 0 ? '' : afterScheme.slice(cut);
  if (path.includes('#')) return bad(400, 'a fragment in the request-target');
  if (authority.includes('@')) return bad(400, 'user and password in the request-target');
  const target = parseAuthority(authority, 80);
  if (target === undefined) return bad(400, 'the URL has no valid host and port');
  const framing = requestFraming(head);
  if (framing.kind === 'bad') return framing;

  const tokens = [...tokensOf(head.fields, 'connection'), ...tokensOf(head.fields, 'proxy-connection')];
  const upgrade =
    head.minor === 1 && tokens.includes('upgrade') && valuesOf(head.fields, 'upgrade').length > 0;
  const persistent = head.minor === 1 && !tokens.includes('close');
  const fields = withHost(endToEnd(head.fields, tokens, upgrade), authority);
  if (upgrade) fields.push({ name: 'Connection', value: 'Upgrade' });
  else if (!persistent) fields.push({ name: 'Connection', value: 'close' });

  const origin = path.startsWith('/') ? path : head.method === 'OPTIONS' && path === '' ? '*' : `/${path}`;
  // The client's own version goes on: an HTTP/1.0 client must not be sent chunks.
  const line = `${head.method} ${origin} HTTP/1.${head.minor}`;
  return {
    kind: 'forward',
    request: {
      target,
      method: head.method,
      head: printHead(line, fields),
      framing,
      persistent,
      upgrade,
      expectsContinue: tokensOf(head.fields, 'expect').includes('100-continue'),
      minor: head.minor,
    },
  };
}

function endToEnd(
  fields: readonly HeaderField[],
  listed: readonly string[],
  keepUpgrade: boolean,
): HeaderField[] {
  return fields.filter((field) => {
    const name = field.name.toLowerCase();
    if (name === 'upgrade') return keepUpgrade;
    return !HOP_BY_HOP.has(name) && (!listed.includes(name) || NEVER_DROPPED.has(name));
  });
}

function without(fields: HeaderField[], name: string): HeaderField[] {
  return fields.filter((field) => field.name.toLowerCase() !== name);
}

/** RFC 9112 §3.2.2: a proxy replaces the received Host with the host of the request-target. */
function withHost(fields: HeaderField[], authority: string): HeaderField[] {
  const at = fields.findIndex((field) => field.name.toLowerCase() === 'host');
  if (at < 0) fields.unshift({ name: 'Host', value: authority });
  else fields[at] = { name: fields[at].name, value: authority };
  return fields;
}

function bad(status: number, reason: string): HttpBad {
  return { kind: 'bad', status, reason };
}
