import type { Socket } from 'node:net';
import { isIPv4, isIPv6 } from 'node:net';
import { CulvertError } from '../base/errors.ts';
import { type ProxyAuth, readAnswer } from './proxy-answer.ts';

const NO_AUTH = 0;
const PASSWORD = 2;
/** RFC 1928 §6. */
const REPLIES = [
  '',
  'it failed',
  'its rules do not allow it',
  'the network is out of reach',
  'the host is out of reach',
  'the server refused the connection',
  'the time ran out',
  'it does not know CONNECT',
  'it does not know this kind of address',
];

/** Asks a SOCKS5 proxy (RFC 1928, RFC 1929) to connect to the server. Rejects with ERR_PROXY. */
export async function socksHandshake(
  socket: Socket,
  host: string,
  port: number,
  auth: ProxyAuth | undefined,
): Promise<void> {
  socket.write(Buffer.from(auth === undefined ? [5, 1, NO_AUTH] : [5, 2, NO_AUTH, PASSWORD]));
  const [version, method] = await readAnswer(socket, 2, (bytes) => (bytes.length >= 2 ? 2 : -1));
  if (version !== 5) throw new CulvertError('ERR_PROXY', 'the proxy does not speak SOCKS5');
  if (method === PASSWORD && auth !== undefined) await logIn(socket, auth);
  else if (method !== NO_AUTH) {
    throw new CulvertError('ERR_PROXY', 'the SOCKS5 proxy asks for a user name and password', {
      remedy: 'give them with --proxy socks5://user:password@host:port',
    });
  }
  const target = Buffer.alloc(2);
  target.writeUInt16BE(port);
  socket.write(Buffer.concat([Buffer.from([5, 1, 0]), address(host), target]));
  const reply = await readAnswer(socket, 262, replyLength);
  if (reply[1] === 0) return;
  const why = REPLIES[reply[1]] ?? `code ${reply[1]}`;
  throw new CulvertError('ERR_PROXY', `the SOCKS5 proxy could not connect to ${host}:${port}: ${why}`);
}

async function logIn(socket: Socket, auth: ProxyAuth): Promise<void> {
  const user = Buffer.from(auth.user, 'utf8').subarray(0, 255);
  const password = Buffer.from(auth.password, 'utf8').subarray(0, 255);
  const sizes = [Buffer.from([1, user.length]), Buffer.from([password.length])];
  socket.write(Buffer.concat([sizes[0], user, sizes[1], password]));
  const [, status] = await readAnswer(socket, 2, (bytes) => (bytes.length >= 2 ? 2 : -1));
  if (status !== 0)
    throw new CulvertError('ERR_PROXY', 'the SOCKS5 proxy does not accept this user name and password');
}

function address(host: string): Buffer {
  if (isIPv4(host)) return Buffer.from([1, ...host.split('.').map(Number)]);
  // An IPv6 address goes as a name too: every proxy that can connect to it can read it.
  const name = Buffer.from(isIPv6(host) ? host.replace(/%.*$/, '') : host, 'utf8').subarray(0, 255);
  return Buffer.concat([Buffer.from([3, name.length]), name]);
}

function replyLength(bytes: Buffer): number {
  if (bytes.length < 5) return -1;
  const length = bytes[3] === 1 ? 10 : bytes[3] === 4 ? 22 : 7 + bytes[4];
  return bytes.length >= length ? length : -1;
}
