import { SocketAddress } from 'node:net';
import { formatHostPort } from '../base/address.ts';

/** The text of 16 bytes in the form of RFC 5952: SocketAddress prints through the C library's inet_ntop. */
export function ipv6Text(bytes: Buffer): string {
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(bytes.readUInt16BE(at).toString(16));
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}

/** The 16 bytes of a valid IPv6 address; a zone (`%eth0`) means something on its own machine only and is left out. */
export function ipv6Bytes(text: string): Buffer {
  const [head, tail] = text.replace(/%.*$/, '').split('::');
  const front = groupsOf(head);
  const back = groupsOf(tail ?? '');
  const out = Buffer.alloc(16);
  front.forEach((group, index) => {
    out.writeUInt16BE(group, index * 2);
  });
  back.forEach((group, index) => {
    out.writeUInt16BE(group, 16 - (back.length - index) * 2);
  });
  return out;
}

/** An IPv4 address that came in IPv6's form (`::ffff:192.0.2.1`), as sockets of both families give them. */
export function plainAddress(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

/** The far end of a socket, for people: `192.0.2.1:80`, `[2001:db8::1]:80`. */
export function peerText(socket: {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}): string {
  return formatHostPort(plainAddress(socket.remoteAddress ?? '?'), socket.remotePort ?? 0);
}

/** The 16-bit groups of a part of an IPv6 address; the last may be IPv4 (RFC 4291 §2.2). */
function groupsOf(part: string): number[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a, b, c, d] = group.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}
