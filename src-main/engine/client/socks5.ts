import { assertNever } from '../base/errors.ts';
import type { OpenFailure, Target } from '../mux/types.ts';
import { ADDRESS_TYPE, encodeAddress } from '../wire/datagram.ts';
import { ipv6Text } from '../wire/inet.ts';
import { hostFromBytes } from './host-name.ts';
import { type Bad, MORE, type More } from './step.ts';

/*
 * SOCKS5, RFC 1928, with user and password, RFC 1929. Every length in the protocol is one byte, so the largest
 * message is 515 bytes and no further cap is needed.
 *
 *   client                                   listener
 *   05 n methods…                        →
 *                                        ←   05 method
 *   01 ulen user plen password           →                      only when method is 02
 *                                        ←   01 status
 *   05 cmd 00 atyp address port          →
 *                                        ←   05 rep 00 01 0.0.0.0 0
 */
export const SOCKS5_VERSION = 5;
const LOGIN_VERSION = 1;

/** RFC 1928 §3. */
export const SOCKS5_METHOD = { none: 0x00, password: 0x02, unacceptable: 0xff } as const;

/** RFC 1928 §6. */
export const SOCKS5_REPLY = {
  succeeded: 0,
  generalFailure: 1,
  notAllowed: 2,
  networkUnreachable: 3,
  hostUnreachable: 4,
  connectionRefused: 5,
  ttlExpired: 6,
  commandNotSupported: 7,
  addressTypeNotSupported: 8,
} as const;
export type Socks5ReplyCode = (typeof SOCKS5_REPLY)[keyof typeof SOCKS5_REPLY];

const COMMANDS = { 1: 'connect', 2: 'bind', 3: 'udpAssociate' } as const;
export type Socks5Command = (typeof COMMANDS)[keyof typeof COMMANDS];

export interface Socks5Greeting {
  readonly kind: 'greeting';
  /** The authentication methods the client offers, as numbers of RFC 1928 §3. */
  readonly methods: readonly number[];
  readonly rest: Buffer;
}

export interface Socks5Login {
  readonly kind: 'login';
  readonly user: string;
  readonly password: string;
  readonly rest: Buffer;
}

export interface Socks5Request {
  readonly kind: 'request';
  readonly command: Socks5Command;
  /** For `udpAssociate`: where the client will send from, often 0.0.0.0 port 0. */
  readonly target: Target;
  readonly rest: Buffer;
}

export interface Socks5Address {
  readonly kind: 'address';
  readonly target: Target;
  /** The offset of the byte after the port. */
  readonly end: number;
}

/** The version identifier and method selection message, RFC 1928 §3. */
export function parseSocks5Greeting(bytes: Buffer): More | Bad | Socks5Greeting {
  if (bytes.length < 1) return MORE;
  if (bytes[0] !== SOCKS5_VERSION) return { kind: 'bad', reason: `SOCKS version ${bytes[0]}` };
  if (bytes.length < 2) return MORE;
  const end = 2 + bytes[1];
  if (end === 2) {
    return { kind: 'bad', reason: 'no method offered', reply: socks5Method(SOCKS5_METHOD.unacceptable) };
  }
  if (bytes.length < end) return MORE;
  return { kind: 'greeting', methods: [...bytes.subarray(2, end)], rest: bytes.subarray(end) };
}

/** The user and password message, RFC 1929 §2. */
export function parseSocks5Login(bytes: Buffer): More | Bad | Socks5Login {
  if (bytes.length < 1) return MORE;
  if (bytes[0] !== LOGIN_VERSION) {
    return { kind: 'bad', reason: `login version ${bytes[0]}`, reply: socks5LoginStatus(false) };
  }
  if (bytes.length < 2) return MORE;
  const userEnd = 2 + bytes[1];
  if (bytes.length < userEnd + 1) return MORE;
  const end = userEnd + 1 + bytes[userEnd];
  if (bytes.length < end) return MORE;
  return {
    kind: 'login',
    user: bytes.toString('utf8', 2, userEnd),
    password: bytes.toString('utf8', userEnd + 1, end),
    rest: bytes.subarray(end),
  };
}

/** The request, RFC 1928 §4. */
export function parseSocks5Request(bytes: Buffer): More | Bad | Socks5Request {
  if (bytes.length < 1) return MORE;
  if (bytes[0] !== SOCKS5_VERSION) return refuse(`SOCKS version ${bytes[0]}`, SOCKS5_REPLY.generalFailure);
  if (bytes.length < 2) return MORE;
  const command = commandOf(bytes[1]);
  if (command === undefined) return refuse(`command ${bytes[1]}`, SOCKS5_REPLY.commandNotSupported);
  if (bytes.length < 4) return MORE;
  const address = parseSocks5Address(bytes, 3);
  if (address.kind !== 'address') return address;
  if (command === 'connect' && address.target.port === 0)
    return refuse('port 0', SOCKS5_REPLY.generalFailure);
  return { kind: 'request', command, target: address.target, rest: bytes.subarray(address.end) };
}

/** ATYP, address and port from `offset` (RFC 1928 §5): the same in requests and in UDP datagrams. */
export function parseSocks5Address(bytes: Buffer, offset: number): More | Bad | Socks5Address {
  if (bytes.length < offset + 1) return MORE;
  const start = offset + 1;
  switch (bytes[offset]) {
    case ADDRESS_TYPE.ipv4:
      if (bytes.length < start + 6) return MORE;
      return addressAt(bytes.subarray(start, start + 4).join('.'), bytes, start + 4);
    case ADDRESS_TYPE.ipv6:
      if (bytes.length < start + 18) return MORE;
      return addressAt(ipv6Text(bytes.subarray(start, start + 16)), bytes, start + 16);
    case ADDRESS_TYPE.name: {
      if (bytes.length < start + 1) return MORE;
      const end = start + 1 + bytes[start];
      if (bytes.length < end + 2) return MORE;
      const host = hostFromBytes(bytes.subarray(start + 1, end));
      if (host === undefined) return refuse('the name is not a host name', SOCKS5_REPLY.hostUnreachable);
      return addressAt(host, bytes, end);
    }
    default:
      return refuse(`address type ${bytes[offset]}`, SOCKS5_REPLY.addressTypeNotSupported);
  }
}

/** The method selection, RFC 1928 §3. */
export function socks5Method(method: number): Buffer {
  return Buffer.from([SOCKS5_VERSION, method]);
}

/** The answer to a login, RFC 1929 §2. */
export function socks5LoginStatus(accepted: boolean): Buffer {
  return Buffer.from([LOGIN_VERSION, accepted ? 0 : 1]);
}

/** For CONNECT, whose socket to the target is the server's, not ours. */
const NOT_OURS: Target = { host: '0.0.0.0', port: 0 };

/** A reply, RFC 1928 §6. `bound` of UDP ASSOCIATE is where the client sends its datagrams. */
export function socks5Reply(code: Socks5ReplyCode, bound: Target = NOT_OURS): Buffer {
  return Buffer.concat([Buffer.from([SOCKS5_VERSION, code, 0]), encodeAddress(bound)]);
}

/**
 * The reply code for a failed open. RFC 1928 has no code for a timeout; "TTL expired" is the nearest and the
 * one Tor uses too.
 */
export function socks5ReplyCode(failure: OpenFailure): Socks5ReplyCode {
  switch (failure) {
    case 'refused':
      return SOCKS5_REPLY.connectionRefused;
    case 'timeout':
      return SOCKS5_REPLY.ttlExpired;
    case 'hostUnreachable':
    case 'nameNotFound':
      return SOCKS5_REPLY.hostUnreachable;
    case 'networkUnreachable':
      return SOCKS5_REPLY.networkUnreachable;
    case 'denied':
      return SOCKS5_REPLY.notAllowed;
    case 'unsupported':
      return SOCKS5_REPLY.commandNotSupported;
    case 'internal':
    case 'limit':
    case 'noSession':
      return SOCKS5_REPLY.generalFailure;
    default:
      return assertNever(failure);
  }
}

function refuse(reason: string, code: Socks5ReplyCode): Bad {
  return { kind: 'bad', reason, reply: socks5Reply(code) };
}

function commandOf(byte: number): Socks5Command | undefined {
  return byte === 1 || byte === 2 || byte === 3 ? COMMANDS[byte] : undefined;
}

function addressAt(host: string, bytes: Buffer, portAt: number): Socks5Address {
  return { kind: 'address', target: { host, port: bytes.readUInt16BE(portAt) }, end: portAt + 2 };
}
