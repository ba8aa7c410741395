import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type MixedOptions, serveMixed } from '../../src-main/engine/client/mixed-listener.ts';
import { DirectOpener, type DirectOptions } from './direct-opener.ts';
import { simpleJoin } from './simple-join.ts';

/** Everything a test of dynamic ports opens; `close` closes it. */
export class MixedLab {
  private readonly servers: Server[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly openers: DirectOpener[] = [];

  /** Listens on a free port of 127.0.0.1; returns the port. */
  async listen(server: Server): Promise<number> {
    this.servers.push(server);
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => this.sockets.delete(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  /** A raw server. */
  origin(onSocket: (socket: Socket) => void): Promise<number> {
    return this.listen(createServer({ allowHalfOpen: true }, onSocket));
  }

  /** A dynamic port whose tunnel has length zero. */
  async mixed(
    options: Partial<MixedOptions> = {},
    direct: DirectOptions = {},
  ): Promise<{ port: number; opener: DirectOpener }> {
    const opener = new DirectOpener(direct);
    this.openers.push(opener);
    const port = await this.origin((socket) => serveMixed(socket, opener, { join: simpleJoin, ...options }));
    return { port, opener };
  }

  /** A port that nobody listens on. */
  async closedPort(): Promise<number> {
    const server = createServer();
    const port = await this.listen(server);
    server.close();
    await once(server, 'close');
    return port;
  }

  client(port: number): RawClient {
    const client = new RawClient(port);
    this.sockets.add(client.socket);
    return client;
  }

  close(): void {
    for (const opener of this.openers) opener.destroy();
    for (const socket of this.sockets) socket.destroy();
    for (const server of this.servers) server.close();
  }
}

/** A client that sends bytes and waits for bytes. */
export class RawClient {
  readonly socket: Socket;
  text = '';
  /** How the far end closed, once it did. */
  ending: 'fin' | 'reset' | undefined;
  private wake: () => void = () => {};

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.setNoDelay(true);
    this.socket.on('data', (chunk: Buffer) => this.note(() => (this.text += chunk.toString('latin1'))));
    this.socket.on('end', () => this.note(() => (this.ending ??= 'fin')));
    this.socket.on('error', () => this.note(() => (this.ending ??= 'reset')));
  }

  send(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Waits until what arrived so far satisfies `enough`; gives and forgets it. */
  async until(enough: (text: string) => boolean, ms = 5000): Promise<string> {
    const deadline = Date.now() + ms;
    while (!enough(this.text)) {
      const left = deadline - Date.now();
      if (left <= 0 || this.ending !== undefined) {
        throw new Error(`waited in vain (${this.ending ?? 'open'}), got ${JSON.stringify(this.text)}`);
      }
      await this.change(left);
    }
    const text = this.text;
    this.text = '';
    return text;
  }

  /** Everything until the far end closes. */
  async toEnd(ms = 5000): Promise<string> {
    const deadline = Date.now() + ms;
    while (this.ending === undefined) {
      if (Date.now() >= deadline) throw new Error(`still open, got ${JSON.stringify(this.text)}`);
      await this.change(deadline - Date.now());
    }
    return this.text;
  }

  private change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private note(change: () => void): void {
    change();
    this.wake();
  }
}
