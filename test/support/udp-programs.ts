import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect, isIPv6, type Socket as TcpSocket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

const ANSWERS_WITHIN_MS = 10_000;

/** The loopback address of IPv6; that of IPv4 on a system without (many containers are). */
export const LOOPBACK_6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)
  ? '::1'
  : '127.0.0.1';

/** A UDP socket of a test: keeps what arrives until it is asked for. */
export class UdpProgram {
  readonly socket: Socket;
  /** What has arrived and was not asked for yet. */
  readonly inbox: Array<{ message: Buffer; from: RemoteInfo }> = [];
  private waiter: (() => void) | undefined;

  constructor(family: 4 | 6 = 4) {
    this.socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      recvBufferSize: 4 << 20,
      sendBufferSize: 4 << 20,
    });
    this.socket.on('message', (message, from) => {
      this.inbox.push({ message, from });
      this.waiter?.();
    });
  }

  async bind(host = '127.0.0.1', port = 0): Promise<number> {
    this.socket.bind(port, host);
    await once(this.socket, 'listening');
    return this.socket.address().port;
  }

  /** Answers whatever comes with what `reply` makes of it; undefined: not at all. */
  serve(reply: (message: Buffer) => Buffer | undefined): void {
    this.socket.removeAllListeners('message');
    this.socket.on('message', (message, from) => {
      const answer = reply(message);
      if (answer !== undefined) this.socket.send(answer, from.port, from.address);
    });
  }

  send(message: Buffer, port: number, host = '127.0.0.1'): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.send(message, port, host, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** The next datagram; rejects when none comes within `ms`. */
  async next(ms = ANSWERS_WITHIN_MS): Promise<{ message: Buffer; from: RemoteInfo }> {
    const deadline = performance.now() + ms;
    for (;;) {
      const found = this.inbox.shift();
      if (found !== undefined) return found;
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`no datagram within ${ms} ms`);
      const came = new Promise<void>((resolve) => {
        this.waiter = resolve;
      });
      await Promise.race([came, pause(left, undefined, { ref: false })]);
      this.waiter = undefined;
    }
  }

  close(): void {
    this.socket.close();
  }
}

/** A server that sends back what it gets; its port. */
export async function udpEcho(host = '127.0.0.1', port = 0): Promise<{ program: UdpProgram; port: number }> {
  const program = new UdpProgram(isIPv6(host) ? 6 : 4);
  program.serve((message) => message);
  return { program, port: await program.bind(host, port) };
}

/** The smallest SOCKS5 client with UDP ASSOCIATE (RFC 1928), written from the RFC and not from the product. */
export class SocksUdpClient {
  readonly tcp: TcpSocket;
  readonly udp: UdpProgram;
  /** Where to send. */
  relay = { host: '', port: 0 };
  private readonly received: Buffer[] = [];
  private readonly login: { user: string; password: string } | undefined;

  constructor(tcp: TcpSocket, udp: UdpProgram, login?: { user: string; password: string }) {
    this.tcp = tcp;
    this.udp = udp;
    this.login = login;
    tcp.on('data', (chunk: Buffer) => this.received.push(chunk));
    tcp.on('error', () => {});
  }

  static async open(
    port: number,
    options: { host?: string; login?: { user: string; password: string }; declare?: boolean } = {},
  ): Promise<{ client: SocksUdpClient; reply: number }> {
    const host = options.host ?? '127.0.0.1';
    const udp = new UdpProgram(isIPv6(host) ? 6 : 4);
    const own = await udp.bind(host);
    const tcp = connect({ port, host });
    await once(tcp, 'connect');
    const client = new SocksUdpClient(tcp, udp, options.login);
    return { client, reply: await client.associate(options.declare ? own : 0) };
  }

  /** One datagram through the relay. */
  send(payload: Buffer, host: string, port: number, fragment = 0): Promise<void> {
    const head = Buffer.concat([Buffer.from([0, 0, fragment]), socksAddress(host, port)]);
    return this.udp.send(Buffer.concat([head, payload]), this.relay.port, this.relay.host);
  }

  /** The next datagram from the relay. */
  async next(ms?: number): Promise<{ payload: Buffer; host: string; port: number }> {
    const { message } = await this.udp.next(ms);
    if (message.readUInt16BE(0) !== 0 || message[2] !== 0) throw new Error('RSV or FRAG is not 0');
    const { host, port, end } = readSocksAddress(message, 3);
    return { payload: message.subarray(end), host, port };
  }

  close(): void {
    this.tcp.destroy();
    this.udp.close();
  }

  private async associate(ownPort: number): Promise<number> {
    this.tcp.write(Buffer.from(this.login === undefined ? [5, 1, 0] : [5, 1, 2]));
    const [, method] = await this.take(2);
    if (method === 2 && this.login !== undefined) {
      const [user, password] = [Buffer.from(this.login.user), Buffer.from(this.login.password)];
      this.tcp.write(
        Buffer.concat([Buffer.from([1, user.length]), user, Buffer.from([password.length]), password]),
      );
      if ((await this.take(2))[1] !== 0) throw new Error('the login was refused');
    } else if (method !== 0) throw new Error(`method ${method}`);
    this.tcp.write(Buffer.concat([Buffer.from([5, 3, 0]), socksAddress('0.0.0.0', ownPort)]));
    const head = await this.take(4);
    const rest = await this.take(head[3] === 4 ? 18 : 6);
    const { host, port } = readSocksAddress(Buffer.concat([head, rest]), 3);
    this.relay = { host, port };
    return head[1];
  }

  private async take(count: number): Promise<Buffer> {
    for (;;) {
      const all = Buffer.concat(this.received);
      if (all.length >= count) {
        this.received.splice(0, this.received.length, all.subarray(count));
        return all.subarray(0, count);
      }
      if (this.tcp.destroyed || this.tcp.readableEnded) throw new Error('the proxy closed');
      await Promise.race([once(this.tcp, 'data'), once(this.tcp, 'close'), once(this.tcp, 'end')]);
    }
  }
}

function socksAddress(host: string, port: number): Buffer {
  const tail = Buffer.from([port >> 8, port & 0xff]);
  if (/^[\d.]+$/.test(host)) return Buffer.concat([Buffer.from([1, ...host.split('.').map(Number)]), tail]);
  // Only what the tests need: the loopback address.
  if (host === '::1') return Buffer.concat([Buffer.from([4]), Buffer.alloc(15), Buffer.from([1]), tail]);
  return Buffer.concat([Buffer.from([3, host.length]), Buffer.from(host), tail]);
}

function readSocksAddress(bytes: Buffer, at: number): { host: string; port: number; end: number } {
  const end = at + (bytes[at] === 4 ? 17 : 5);
  const raw = bytes.subarray(at + 1, end);
  const host = bytes[at] === 1 ? raw.join('.') : raw.toString('hex').replace(/^0{31}1$/, '::1');
  return { host, port: bytes.readUInt16BE(end), end: end + 2 };
}
