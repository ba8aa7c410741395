import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

/** What the kernel may hold each way, bytes: a burst of the longest datagrams, which macOS sends only so. */
const KERNEL_BUFFER = 1 << 20;
/**
 * Bytes that may wait for the kernel; what does not fit is dropped. It takes them at once as a rule, but tells so only
 * after the turn, in which a window of datagrams may come.
 */
const SEND_BACKLOG = 1 << 20;

export interface UdpSocketOptions {
  onMessage: (message: Buffer, from: RemoteInfo) => void;
  /** A failed send or, on a connected socket, an ICMP answer. The socket stays usable. */
  onError: (error: Error) => void;
}

/**
 * A UDP socket that sends to addresses, not to names, and never queues without bound. Errors are told and never thrown.
 */
export class UdpSocket {
  readonly family: 4 | 6;
  private readonly socket: Socket;
  private readonly onError: (error: Error) => void;
  /** Takes the next error instead, while the socket is being bound or connected. */
  private onFailed: ((error: Error) => void) | undefined;
  private backlog = 0;
  private over = false;

  /** `both`: an IPv6 socket that serves IPv4 too, in the form `::ffff:192.0.2.1`. */
  constructor(family: 4 | 6, options: UdpSocketOptions, both = false) {
    this.family = family;
    this.onError = options.onError;
    const socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      ipv6Only: family === 6 && !both,
      // Node would look up even addresses, and send a turn later.
      lookup: (host, _options, callback) => callback(null, host, isIPv6(host) ? 6 : 4),
    });
    this.socket = socket;
    socket.on('message', options.onMessage);
    socket.on('error', (error) => this.failed(error));
    socket.once('listening', () => {
      try {
        socket.setRecvBufferSize(KERNEL_BUFFER);
        socket.setSendBufferSize(KERNEL_BUFFER);
      } catch {
        // The system's own size then.
      }
    });
  }

  /** Rejects with Node's error. Port 0 = any free one. */
  async bind(address: string, port: number): Promise<{ host: string; port: number }> {
    await this.done((resolve) => this.socket.bind({ address, port, exclusive: true }, resolve));
    const bound = this.socket.address();
    return { host: bound.address, port: bound.port };
  }

  /** Only `address` can be sent to and heard from now on. Rejects with Node's error. */
  connect(address: string, port: number): Promise<void> {
    return this.done((resolve) => this.socket.connect(port, address, resolve));
  }

  /**
   * The parts are one datagram, and stay as they are until they have left. A socket that is neither bound nor
   * connected takes any free port. False: dropped, too much waits.
   */
  send(parts: readonly Buffer[], to?: { host: string; port: number }): boolean {
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    if (this.over || (this.backlog > 0 && this.backlog + bytes > SEND_BACKLOG)) return false;
    this.backlog += bytes;
    const done = (error: Error | null): void => {
      this.backlog -= bytes;
      if (error !== null) this.failed(error);
    };
    if (to === undefined) this.socket.send(parts, done);
    else this.socket.send(parts, to.port, to.host, done);
    return true;
  }

  /** Idempotent. */
  close(): void {
    if (this.over) return;
    this.over = true;
    this.socket.close();
  }

  private async done(begin: (resolve: (error?: Error) => void) => void): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.onFailed = reject;
        begin((error) => (error === undefined ? resolve() : reject(error)));
      });
    } finally {
      this.onFailed = undefined;
    }
  }

  private failed(error: Error): void {
    if (this.onFailed !== undefined) this.onFailed(error);
    else if (!this.over) this.onError(error);
  }
}
