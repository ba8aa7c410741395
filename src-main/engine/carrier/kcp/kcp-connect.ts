import type { KeyObject } from 'node:crypto';
import type { Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import type { Clock, RandomBytes } from '../../base/clock.ts';
import { CulvertError } from '../../base/errors.ts';
import { connectError } from '../connect-error.ts';
import { FLAG } from './body.ts';
import { HeaderReader, ID_BYTES } from './envelope.ts';
import { writeFlight } from './flight.ts';
import { KcpCarrier } from './kcp-carrier.ts';
import { ANSWER_MS, LEAST_DATAGRAM, REBIND_AFTER, REFUSALS } from './limits.ts';
import { familyOf, makeUdpSocket, sizesFor, widenBuffers, windowFor } from './udp-socket.ts';

export interface KcpConnectOptions {
  host: string;
  port: number;
  /** The user's key for datagrams. */
  secret: KeyObject;
  /** The first flight. */
  flight: Buffer;
  timeoutMs: number;
  clock: Clock;
  random: RandomBytes;
  signal: AbortSignal;
}

export type KcpConnectResult =
  | { kind: 'open'; carrier: KcpCarrier; replies: Buffer[] }
  /** The server has the key, and not the session that the flight is for. In the words of HTTP, as others answer. */
  | { kind: 'answer'; status: number; statusText: string; date: undefined; location: undefined }
  | { kind: 'error'; error: CulvertError };

/** Opens a carrier over UDP whose first datagrams have the first flight. Never rejects. */
export async function connectKcp(options: KcpConnectOptions): Promise<KcpConnectResult> {
  const name = `${options.host}:${options.port}`;
  try {
    const { address } = await lookup(options.host);
    if (options.signal.aborted) throw new CulvertError('ERR_CLOSED', 'the connection was given up');
    return await new Promise((resolve) => new Attempt(options, name, address, resolve).begin());
  } catch (error) {
    if (error instanceof CulvertError) return { kind: 'error', error };
    return {
      kind: 'error',
      error: connectError(name, error instanceof Error ? error : new Error(String(error))),
    };
  }
}

/** One client's end: the socket, which may be replaced by another, and the carrier on it. */
class Attempt {
  private readonly options: KcpConnectOptions;
  private readonly name: string;
  private readonly address: string;
  private readonly resolve: (result: KcpConnectResult) => void;
  private readonly id: Buffer;
  private readonly header: HeaderReader;
  private readonly carrier: KcpCarrier;
  private socket: Socket;
  private connected = false;
  private settled = false;
  private refusals = 0;

  constructor(
    options: KcpConnectOptions,
    name: string,
    address: string,
    resolve: (result: KcpConnectResult) => void,
  ) {
    this.options = options;
    this.name = name;
    this.address = address;
    this.resolve = resolve;
    this.id = options.random(ID_BYTES);
    this.header = new HeaderReader(options.secret, 'down');
    this.socket = this.openSocket();
    this.carrier = new KcpCarrier({
      id: this.id,
      secret: options.secret,
      client: true,
      label: `KCP to ${name}`,
      clock: options.clock,
      random: options.random,
      sizes: sizesFor(address),
      windowBytes: Number.MAX_SAFE_INTEGER,
      transmit: (datagram) => this.transmit(datagram),
      maySend: () => this.connected,
      defer: setImmediate,
      onTimeouts: (count) => {
        if (this.settled && count === REBIND_AFTER) this.rebind();
      },
      onGone: () => this.closeSocket(),
    });
  }

  begin(): void {
    const { clock, signal, timeoutMs } = this.options;
    const giveUp = (error: CulvertError): void => {
      if (this.settled) return;
      this.settle({ kind: 'error', error });
      this.carrier.destroy(error);
    };
    signal.addEventListener('abort', () =>
      giveUp(new CulvertError('ERR_CLOSED', 'the connection was given up')),
    );
    const patience = Math.min(timeoutMs, ANSWER_MS);
    clock.after(patience, () =>
      giveUp(
        new CulvertError(
          'ERR_SERVER_TIMEOUT',
          `no answer over UDP from ${this.name} within ${(patience / 1000).toFixed(1)} s`,
          {
            remedy:
              'UDP is blocked on the way, the server does not offer it (-K), the keys differ, or a clock is wrong: ' +
              'compare both sides’ -p, or use -w',
          },
        ),
      ),
    );
    this.connect(() => {
      const { link } = this.carrier;
      link.windowBytes = windowFor(this.address, this.socket);
      link.piece = { flag: FLAG.flight, bytes: writeFlight(this.options.flight, clock.wall()) };
      link.sendBare(FLAG.trial, LEAST_DATAGRAM);
      link.flush();
    });
  }

  private settle(result: KcpConnectResult): void {
    if (this.settled) return;
    this.settled = true;
    this.resolve(result);
  }

  private openSocket(): Socket {
    const socket = makeUdpSocket(familyOf(this.address));
    socket.on('message', (datagram) => {
      if (socket === this.socket) this.onDatagram(datagram);
    });
    socket.on('error', (error) => {
      if (socket === this.socket) this.onError(error);
    });
    return socket;
  }

  /** Connected, so that the kernel keeps strangers out and reports refusals. */
  private connect(done: () => void): void {
    const { socket } = this;
    this.connected = false;
    socket.connect(this.options.port, this.address, () => {
      if (socket !== this.socket || this.carrier.isGone) return;
      widenBuffers(socket);
      this.connected = true;
      done();
    });
  }

  /** Another local address: the network may have changed under the old one. The server follows. */
  private rebind(): void {
    this.closeSocket();
    this.socket = this.openSocket();
    this.connect(() => this.carrier.link.flush());
  }

  private closeSocket(): void {
    const { socket } = this;
    this.connected = false;
    socket.removeAllListeners();
    socket.on('error', () => {});
    socket.close();
  }

  private transmit(datagram: Buffer | Buffer[]): void {
    // An error of sending shows as loss, or through the 'error' event.
    if (this.connected) this.socket.send(datagram, () => {});
  }

  private onDatagram(datagram: Buffer): void {
    const header = this.header.read(datagram);
    if (header === undefined || header.id !== this.id.toString('latin1')) return;
    const body = this.carrier.receive(header.number, datagram);
    if (body === undefined) return;
    this.refusals = 0;
    if (this.settled) return;
    this.carrier.link.piece = undefined;
    if (body.flags & FLAG.refused) {
      const statusText = 'the session is not there';
      this.settle({ kind: 'answer', status: 404, statusText, date: undefined, location: undefined });
      this.carrier.destroy(new CulvertError('ERR_SESSION_LOST', statusText));
      return;
    }
    this.settle({
      kind: 'open',
      carrier: this.carrier,
      replies: body.reply === undefined ? [] : [Buffer.from(body.reply)],
    });
  }

  private onError(cause: Error): void {
    if (!this.settled) {
      const error = connectError(this.name, cause);
      this.settle({ kind: 'error', error });
      this.carrier.destroy(error);
    } else if (++this.refusals >= REFUSALS) {
      this.carrier.destroy(
        new CulvertError('ERR_CARRIER_LOST', `nothing answers at ${this.name} any more (${cause.message})`, {
          cause,
        }),
      );
    }
  }
}
