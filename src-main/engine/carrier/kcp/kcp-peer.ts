import type { KeyObject } from 'node:crypto';
import type { Socket } from 'node:dgram';
import { formatHostPort } from '../../base/address.ts';
import type { Clock, RandomBytes } from '../../base/clock.ts';
import type { Body } from './body.ts';
import { ENVELOPE } from './envelope.ts';
import { KcpCarrier } from './kcp-carrier.ts';
import { sizesFor, windowFor } from './udp-socket.ts';

export interface PeerAddress {
  address: string;
  port: number;
}

export interface KcpPeerOptions {
  id: Buffer;
  secret: KeyObject;
  socket: Socket;
  from: PeerAddress;
  clock: Clock;
  random: RandomBytes;
  onGone: () => void;
}

/**
 * The server's end of a carrier, and the address it goes to: that of the newest datagram that verified.
 *
 * An address is confirmed once something that was sent to it is acknowledged. Until then it gets no more bytes than
 * came from it, so that nobody can turn the server against a third party by a false source address.
 */
export class KcpPeer {
  readonly carrier: KcpCarrier;
  private readonly options: KcpPeerOptions;
  private address: PeerAddress;
  private confirmed = false;
  /** Bytes that an unconfirmed address may still get. */
  private credit = 0;
  /** Number of the first datagram sent to this address. */
  private mark = 0;
  private newest = -1;

  constructor(options: KcpPeerOptions) {
    this.options = options;
    this.address = options.from;
    this.carrier = new KcpCarrier({
      id: options.id,
      secret: options.secret,
      client: false,
      label: this.describe(),
      clock: options.clock,
      random: options.random,
      sizes: sizesFor(options.from.address),
      windowBytes: windowFor(options.from.address, options.socket),
      transmit: (datagram) => this.transmit(datagram),
      maySend: (bytes) => this.confirmed || bytes <= this.credit,
      defer: setImmediate,
      onGone: options.onGone,
    });
  }

  private describe(): string {
    return `KCP from ${formatHostPort(this.address.address, this.address.port)}`;
  }

  receive(number: number, datagram: Buffer, from: PeerAddress): Body | undefined {
    const body = this.carrier.receive(number, datagram);
    if (body !== undefined) this.follow(number, datagram.length, from);
    return body;
  }

  /** What a verified datagram says of the address. */
  private follow(number: number, bytes: number, from: PeerAddress): void {
    const moved = from.port !== this.address.port || from.address !== this.address.address;
    if (moved && number > this.newest) {
      this.address = { address: from.address, port: from.port };
      this.carrier.label = this.describe();
      this.confirmed = false;
      this.credit = 0;
      this.mark = this.carrier.link.upcoming;
    }
    this.newest = Math.max(this.newest, number);
    if (this.confirmed || (moved && number < this.newest)) return;
    this.credit += bytes;
    if (this.carrier.link.log.newestAcked >= this.mark) {
      this.confirmed = true;
      this.carrier.link.piece = undefined;
    }
  }

  private transmit(datagram: Buffer | Buffer[]): void {
    if (!this.confirmed) {
      const bytes = Array.isArray(datagram)
        ? datagram.reduce((sum, part) => sum + part.length, 0)
        : datagram.length;
      this.credit -= Math.max(bytes, ENVELOPE);
    }
    this.options.socket.send(datagram, this.address.port, this.address.address, () => {});
  }
}
