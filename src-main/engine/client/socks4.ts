import type { OpenFailure, Target } from '../mux/types.ts';
import { hostFromBytes, MAX_HOST_BYTES } from './host-name.ts';
import { type Bad, MORE, type More } from './step.ts';

/*
 * SOCKS4 (Ying-Da Lee's memo "SOCKS: A protocol for TCP proxy across firewalls") and its extension 4a ("SOCKS
 * 4A: A Simple Extension to SOCKS 4 Protocol"): an address 0.0.0.x, x not 0, says that a name follows.
 *
 *   04 cmd port(2) address(4) user 00 [name 00]   →
 *                                                 ←   00 code port(2) address(4)
 */
export const SOCKS4_VERSION = 4;

/** The longest user id read; it is not used for anything, since nothing vouches for it. */
export const MAX_USER_BYTES = 255;

export const SOCKS4_REPLY = { granted: 90, rejected: 91 } as const;
export type Socks4ReplyCode = (typeof SOCKS4_REPLY)[keyof typeof SOCKS4_REPLY];

const CONNECT = 1;
const USER_AT = 8;

export interface Socks4Request {
  readonly kind: 'request';
  readonly command: 'connect';
  readonly target: Target;
  readonly user: string;
  readonly rest: Buffer;
}

/** A SOCKS4 or SOCKS4a request. BIND is refused. */
export function parseSocks4Request(bytes: Buffer): More | Bad | Socks4Request {
  if (bytes.length < 1) return MORE;
  if (bytes[0] !== SOCKS4_VERSION) return refuse(`SOCKS version ${bytes[0]}`);
  if (bytes.length < 2) return MORE;
  if (bytes[1] !== CONNECT) return refuse(`command ${bytes[1]}`);
  if (bytes.length < USER_AT) return MORE;
  const port = bytes.readUInt16BE(2);
  if (port === 0) return refuse('port 0');

  const user = textAt(bytes, USER_AT, MAX_USER_BYTES);
  if (user === 'more') return MORE;
  if (user === 'long') return refuse('the user id is too long');
  const address = bytes.subarray(4, USER_AT);
  if (address.readUInt32BE(0) === 0 || address.readUInt32BE(0) > 0xff) {
    const target = { host: address.join('.'), port };
    return { kind: 'request', command: 'connect', target, user: user.text.toString(), rest: user.rest };
  }

  const name = textAt(bytes, bytes.length - user.rest.length, MAX_HOST_BYTES);
  if (name === 'more') return MORE;
  if (name === 'long') return refuse('the name is too long');
  const host = hostFromBytes(name.text);
  if (host === undefined) return refuse('the name is not a host name');
  return {
    kind: 'request',
    command: 'connect',
    target: { host, port },
    user: user.text.toString(),
    rest: name.rest,
  };
}

/** A reply: eight bytes; clients ignore the address and port of an answer to CONNECT. */
export function socks4Reply(code: Socks4ReplyCode): Buffer {
  return Buffer.from([0, code, 0, 0, 0, 0, 0, 0]);
}

/** SOCKS4 has one code for every failure but identd's, which Culvert does not ask. */
export function socks4ReplyCode(_failure: OpenFailure): Socks4ReplyCode {
  return SOCKS4_REPLY.rejected;
}

function refuse(reason: string): Bad {
  return { kind: 'bad', reason, reply: socks4Reply(SOCKS4_REPLY.rejected) };
}

/** The bytes from `start` up to a NUL no more than `max` bytes away. */
function textAt(bytes: Buffer, start: number, max: number): 'more' | 'long' | { text: Buffer; rest: Buffer } {
  const end = bytes.indexOf(0, start);
  if ((end < 0 ? bytes.length : end) - start > max) return 'long';
  if (end < 0) return 'more';
  return { text: bytes.subarray(start, end), rest: bytes.subarray(end + 1) };
}
