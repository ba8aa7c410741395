import type { KeyObject } from 'node:crypto';
import type { Socket } from 'node:dgram';
import type { Clock, RandomBytes } from '../../base/clock.ts';
import { CulvertError, systemCode } from '../../base/errors.ts';
import { listenError } from '../../base/listen-error.ts';
import { FLAG, readBody } from './body.ts';
import { DatagramOpener, HeaderReader } from './envelope.ts';
import { readFlight } from './flight.ts';
import { KcpPeer, type PeerAddress } from './kcp-peer.ts';
import { familyOf, makeUdpSocket, widenBuffers } from './udp-socket.ts';

/** What the one who knows sessions makes of a first flight. */
export type FlightVerdict =
  /** `reply`: the handshake's answer. `take` is called with the carrier, once it may be used. */
  | { kind: 'taken'; reply: Buffer | undefined; take: (carrier: KcpPeer['carrier']) => void }
  /** Sealed by a user, fresh, and for a session that is not here: its client is told. */
  | { kind: 'refused' }
  /** Not for us, or not new. */
  | { kind: 'silence' };

export interface KcpListenerOptions {
  /** The datagram key of each user. */
  secrets: readonly KeyObject[];
  decide: (flight: { id: string; clock: number; flight: Buffer }) => FlightVerdict;
  /** Carriers at a time. */
  maxPeers: number;
  clock: Clock;
  random: RandomBytes;
}

const NO_IPV6 = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL']);

interface Door {
  secret: KeyObject;
  header: HeaderReader;
}

/** The server's UDP port. Whatever does not verify gets silence. */
export class KcpListener {
  private readonly options: KcpListenerOptions;
  private readonly doors: Door[];
  /** By id. */
  private readonly peers = new Map<string, KcpPeer>();
  private socket: Socket | undefined;
  private closing = false;

  constructor(options: KcpListenerOptions) {
    this.options = options;
    this.doors = options.secrets.map((secret) => ({ secret, header: new HeaderReader(secret, 'up') }));
  }

  get size(): number {
    return this.peers.size;
  }

  /** Throws ERR_PORT_IN_USE, ERR_PORT_FORBIDDEN or ERR_LISTEN. */
  async listen({ host, port }: { host?: string; port: number }): Promise<{ address: string; port: number }> {
    const socket = await bindAt(host, port);
    widenBuffers(socket);
    this.socket = socket;
    socket.on('message', (datagram, from) => this.onDatagram(datagram, from));
    // Of a single datagram, such as a refusal by the network: it shows as loss.
    socket.on('error', () => {});
    const bound = socket.address();
    return { address: bound.address, port: bound.port };
  }

  /** Takes no new carriers; the socket closes once those there are gone, and then the promise is fulfilled. */
  close(): Promise<void> {
    this.closing = true;
    const { socket } = this;
    const closed = new Promise<void>((resolve) => {
      if (socket === undefined) resolve();
      else socket.once('close', resolve);
    });
    if (this.peers.size === 0) this.destroy();
    return closed;
  }

  destroy(): void {
    this.closing = true;
    for (const { carrier } of [...this.peers.values()])
      carrier.destroy(new CulvertError('ERR_CARRIER_LOST', 'the server stops'));
    this.socket?.close();
    this.socket = undefined;
  }

  private onDatagram(datagram: Buffer, from: PeerAddress): void {
    for (const door of this.doors) {
      const header = door.header.read(datagram);
      if (header === undefined) continue;
      const peer = this.peers.get(header.id);
      if (peer !== undefined) peer.receive(header.number, datagram, from);
      else if (!this.first(door, header, datagram, from)) continue;
      return;
    }
  }

  /** A datagram of a carrier that is not known. False when it is not this user's. */
  private first(
    door: Door,
    { id, number }: { id: string; number: number },
    datagram: Buffer,
    from: PeerAddress,
  ): boolean {
    const { socket } = this;
    const idBytes = Buffer.from(id, 'latin1');
    const plain = new DatagramOpener(door.secret, idBytes, 'up').open(number, datagram);
    if (plain === undefined) return false;
    const body = readBody(plain);
    // Its last words, when those before them were lost: who is gone already is not let in.
    if (body === undefined || (body.flags & FLAG.close) !== 0) return true;
    const flight = body.flight === undefined ? undefined : readFlight(body.flight);
    if (flight === undefined || socket === undefined || this.closing) return true;
    if (this.peers.size >= this.options.maxPeers) return true;
    const verdict = this.options.decide({ id, ...flight });
    if (verdict.kind === 'silence') return true;
    const { clock, random } = this.options;
    const peer = new KcpPeer({
      id: idBytes,
      secret: door.secret,
      socket,
      from: { address: from.address, port: from.port },
      clock,
      random,
      onGone: () => this.forget(id),
    });
    peer.receive(number, datagram, from);
    const { carrier } = peer;
    if (verdict.kind === 'refused') {
      carrier.link.sendBare(FLAG.refused);
      carrier.link.stop();
      return true;
    }
    this.peers.set(id, peer);
    if (verdict.reply !== undefined) carrier.link.piece = { flag: FLAG.reply, bytes: verdict.reply };
    carrier.link.sendBare(FLAG.trial);
    verdict.take(carrier);
    carrier.link.flush();
    return true;
  }

  private forget(id: string): void {
    this.peers.delete(id);
    // The last words of the last carrier leave first.
    if (this.closing && this.peers.size === 0) setImmediate(() => this.destroy());
  }
}

/** A failed `listen` in words. */
export function udpListenError(
  host: string | undefined,
  port: number,
  cause: unknown,
): Promise<CulvertError> {
  const otherPort = 'choose another one with --udp host:port';
  const otherHost = 'name an address of this machine, or none for all of them';
  return listenError({ protocol: 'udp', host, port, otherPort, otherHost }, cause);
}

async function bindAt(host: string | undefined, port: number): Promise<Socket> {
  // Without a host every interface of both families, as TCP does it; where there is no IPv6, of the other.
  const families = host === undefined ? (['udp6', 'udp4'] as const) : [familyOf(host)];
  for (const [index, family] of families.entries()) {
    const socket = makeUdpSocket(family);
    try {
      await bind(socket, host, port);
      return socket;
    } catch (cause) {
      socket.close();
      const other = index + 1 < families.length && NO_IPV6.has(systemCode(cause) ?? '');
      if (!other) throw await udpListenError(host, port, cause);
    }
  }
  throw await udpListenError(host, port, 'no address family');
}

function bind(socket: Socket, host: string | undefined, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address: host, port, exclusive: true }, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}
