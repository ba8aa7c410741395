import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A dumb TCP relay to a port of loopback, whose connections can be cut. */
export class TcpRelay {
  /** Connections relayed so far. */
  accepted = 0;
  /** Bytes relayed, both ways. */
  bytes = 0;
  private readonly target: number;
  private readonly server: Server;
  private readonly pairs = new Set<readonly [Socket, Socket]>();

  constructor(target: number) {
    this.target = target;
    this.server = createServer({ noDelay: true }, (near) => this.join(near));
  }

  async listen(): Promise<number> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('no TCP port');
    return address.port;
  }

  get open(): number {
    return this.pairs.size;
  }

  /** Cuts every connection: `reset` on both sides, or an ordinary end. */
  cut(how: 'reset' | 'end' = 'reset'): void {
    for (const [near, far] of this.pairs) {
      for (const socket of [near, far]) how === 'reset' ? socket.resetAndDestroy() : socket.destroy();
    }
  }

  close(): void {
    this.server.close();
    this.cut();
  }

  private join(near: Socket): void {
    this.accepted++;
    const far = connect({ port: this.target, host: '127.0.0.1', noDelay: true });
    const pair = [near, far] as const;
    this.pairs.add(pair);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      from.on('data', (chunk: Buffer) => {
        this.bytes += chunk.length;
        if (!to.write(chunk)) from.pause();
      });
      to.on('drain', () => from.resume());
      from.on('end', () => to.end());
      from.on('error', () => {});
      from.on('close', () => {
        to.destroy();
        this.pairs.delete(pair);
      });
    }
  }
}
