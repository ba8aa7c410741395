import type { RemoteInfo } from 'node:dgram';
import { isIPv6, type Socket } from 'node:net';
import { systemCode } from '../base/errors.ts';
import type { Target } from '../mux/types.ts';
import type { ByteBudget } from '../pump/datagram-queue.ts';
import type { DatagramTally } from '../pump/datagram-tally.ts';
import { UdpSocket } from '../pump/udp-socket.ts';
import { encodeAddress } from '../wire/datagram.ts';
import { plainAddress } from '../wire/inet.ts';
import { type Dialog, refuse } from './dialect.ts';
import { targetText } from './host-name.ts';
import { parseSocks5Address, SOCKS5_REPLY, socks5Reply, socks5ReplyCode } from './socks5.ts';
import { type UdpLimits, UdpLink } from './udp-link.ts';

/** UDP ASSOCIATE of one dynamic port. */
export interface UdpAssociates {
  readonly limits: UdpLimits;
  /** The rule's. */
  readonly tally: DatagramTally;
  readonly budget: ByteBudget;
  /** Those there are. */
  readonly open: Set<UdpAssociate>;
}

/** Silence on the TCP connection after which the system asks whether its other end is there, ms. */
const KEEPALIVE_MS = 60_000;
/** RSV and FRAG, RFC 1928 §7. */
const HEAD = Buffer.from([0, 0, 0]);

/** Answers UDP ASSOCIATE (RFC 1928 §4); `declared` is where the client says it will send from. */
export function serveUdpAssociate(dialog: Dialog, udp: UdpAssociates, declared: Target): void {
  if (dialog.socket.destroyed) return;
  if (udp.open.size < udp.limits.udpAssociations) {
    udp.open.add(new UdpAssociate(dialog, udp, declared));
    return;
  }
  const reply = socks5Reply(SOCKS5_REPLY.generalFailure);
  refuse(dialog, `SOCKS5: ${udp.open.size} UDP associations are open already`, reply);
}

/**
 * The relay of one UDP ASSOCIATE (RFC 1928 §7). It lives as long as the TCP connection that asked for it, and its
 * socket is where that connection came in. Heard is the client's address alone, and of its ports the declared one, or
 * the first that sends: on loopback every program has the same address.
 */
export class UdpAssociate {
  private readonly dialog: Dialog;
  private readonly udp: UdpAssociates;
  private readonly link: UdpLink;
  private readonly clientHost: string;
  private clientPort: number;
  private socket: UdpSocket | undefined;
  private over = false;

  constructor(dialog: Dialog, udp: UdpAssociates, declared: Target) {
    this.dialog = dialog;
    this.udp = udp;
    const tcp = dialog.socket;
    this.clientHost = plainAddress(tcp.remoteAddress ?? '');
    this.clientPort = declared.port;
    this.link = new UdpLink({
      opener: dialog.opener,
      target: undefined,
      limits: udp.limits,
      idleMs: udp.limits.udpIdleMs,
      clock: dialog.clock,
      tally: udp.tally,
      budget: udp.budget,
      onDatagram: (payload, address) => this.toClient(payload, address),
      // SOCKS has no words for it: a client waits, as it does for a datagram that was lost.
      onFailure: (failure, address) => {
        dialog.log.debug(() => `${address === undefined ? '?' : targetText(address)}/udp: ${failure}`);
      },
      onOpenFailed: (failure, message) => this.notOpened(failure, message),
    });
    tcp.once('close', () => this.close());
    // Nothing else would tell that a client is gone which has no more to say.
    tcp.setKeepAlive(true, KEEPALIVE_MS);
    this.link.open(() => void this.opened(tcp));
  }

  /** Ends it, and its TCP connection. Idempotent. */
  close(): void {
    if (this.over) return;
    this.over = true;
    this.udp.open.delete(this);
    this.link.close();
    this.socket?.close();
    this.dialog.socket.destroySoon();
  }

  /** The server has it: now there is something to say yes to. */
  private async opened(tcp: Socket): Promise<void> {
    if (this.over || this.socket !== undefined) return;
    const here = plainAddress(tcp.localAddress ?? '');
    const socket = new UdpSocket(isIPv6(here) ? 6 : 4, {
      onMessage: (message, from) => this.fromClient(message, from),
      onError: (error) => {
        this.udp.tally.dropped();
        this.dialog.log.debug(() => `UDP association: ${systemCode(error) ?? error.message}`);
      },
    });
    this.socket = socket;
    try {
      const bound = await socket.bind(here, 0);
      if (this.over) return;
      this.dialog.reader.detach();
      // What it still says means nothing, its end everything.
      tcp.on('data', () => {}).once('end', () => this.close());
      if (tcp.readableEnded) return this.close();
      tcp.write(socks5Reply(SOCKS5_REPLY.succeeded, bound));
    } catch (error) {
      if (this.over) return;
      this.giveUp(
        `no UDP port: ${error instanceof Error ? error.message : error}`,
        SOCKS5_REPLY.generalFailure,
      );
    }
  }

  private notOpened(failure: Parameters<typeof socks5ReplyCode>[0], message: string): void {
    const { log } = this.dialog;
    const text = `no UDP association (${failure})${message === '' ? '' : `: ${message}`}`;
    // Once it stands the client is not told: the next datagram tries again.
    if (this.socket !== undefined) return log.debug(text);
    if (failure === 'unsupported') log.warn(text);
    this.giveUp(text, socks5ReplyCode(failure));
  }

  private giveUp(reason: string, code: Parameters<typeof socks5Reply>[0]): void {
    this.over = true;
    this.udp.open.delete(this);
    this.link.close();
    this.socket?.close();
    refuse(this.dialog, `SOCKS5: ${reason}`, socks5Reply(code));
  }

  private fromClient(message: Buffer, from: RemoteInfo): void {
    const known = this.clientPort === 0 || from.port === this.clientPort;
    // A fragment is dropped, which is for who does not reassemble (RFC 1928 §7).
    if (!known || plainAddress(from.address) !== this.clientHost || message.length < 4 || message[2] !== 0) {
      return this.udp.tally.dropped();
    }
    const address = parseSocks5Address(message, HEAD.length);
    if (address.kind !== 'address' || address.target.port === 0) return this.udp.tally.dropped();
    this.clientPort = from.port;
    this.link.send(message.subarray(address.end), address.target);
  }

  private toClient(payload: Buffer, address: Target | undefined): void {
    const { socket, clientHost, clientPort, udp } = this;
    if (socket === undefined || address === undefined || clientPort === 0) return udp.tally.dropped();
    const sent = socket.send([HEAD, encodeAddress(address), payload], { host: clientHost, port: clientPort });
    if (!sent) udp.tally.dropped();
  }
}
