import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

interface Pair {
  readonly near: Socket;
  /** Undefined: nobody is there, whatever it looks like. */
  readonly far: Socket | undefined;
  /** Nothing passes any more, and nobody is told. */
  dead: boolean;
}

/** A dumb TCP relay to a port of loopback, whose connections can be cut, swallowed or refused. */
export class TcpRelay {
  /** Connections relayed so far. */
  accepted = 0;
  /** Bytes relayed, both ways. */
  bytes = 0;
  /** New connections are accepted, and nothing that comes on them passes. */
  swallowNew = false;
  /** WebSocket upgrades get 403, as from a proxy that forbids them. */
  refuseUpgrades = false;
  /** What comes is passed on so much later, ms. */
  delayMs = 0;
  /** Upgrades that were refused. */
  refused = 0;
  private held = false;
  /** Where new connections go. */
  target: number;
  private readonly server: Server;
  private readonly pairs = new Set<Pair>();
  private port = 0;

  constructor(target: number) {
    this.target = target;
    this.server = createServer({ noDelay: true }, (near) => this.join(near));
  }

  /** Listens; again at the same port after `stopListening`. */
  async listen(): Promise<number> {
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('no TCP port');
    this.port = address.port;
    return address.port;
  }

  /** New connections are refused. */
  stopListening(): void {
    this.server.close();
  }

  get open(): number {
    return this.pairs.size;
  }

  /** Cuts every connection: `reset` on both sides, or an ordinary end. */
  cut(how: 'reset' | 'end' = 'reset'): void {
    for (const { near, far } of this.pairs) {
      for (const socket of [near, far]) how === 'reset' ? socket?.resetAndDestroy() : socket?.destroy();
    }
  }

  /** Every connection dies without a sign, as when a NAT forgets it. */
  blackHole(): void {
    for (const pair of this.pairs) pair.dead = true;
  }

  /** Passes nothing on until `release`; what comes meanwhile fills the buffers on the way. */
  hold(): void {
    this.held = true;
    for (const { near, far } of this.pairs) for (const socket of [near, far]) socket?.pause();
  }

  release(): void {
    this.held = false;
    for (const { near, far } of this.pairs) for (const socket of [near, far]) socket?.resume();
  }

  close(): void {
    this.server.close();
    this.cut();
  }

  private join(near: Socket): void {
    this.accepted++;
    near.on('error', () => {});
    if (this.swallowNew) {
      const pair = { near, far: undefined, dead: true };
      this.pairs.add(pair);
      near.on('close', () => this.pairs.delete(pair));
      near.resume();
      return;
    }
    if (!this.refuseUpgrades) return this.relay(near, Buffer.alloc(0));
    near.once('data', (head: Buffer) => {
      if (!/^upgrade: websocket/im.test(head.toString('latin1'))) return this.relay(near, head);
      this.refused++;
      near.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\nConnection: close\r\n\r\nforbidden');
    });
  }

  private relay(near: Socket, head: Buffer): void {
    const far = connect({ port: this.target, host: '127.0.0.1', noDelay: true });
    const pair: Pair = { near, far, dead: false };
    this.pairs.add(pair);
    far.write(head);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      from.on('data', (chunk: Buffer) => {
        if (pair.dead) return;
        this.bytes += chunk.length;
        if (this.delayMs > 0) setTimeout(() => to.write(chunk), this.delayMs);
        else if (!to.write(chunk)) from.pause();
      });
      to.on('drain', () => {
        if (!this.held) from.resume();
      });
      from.on('end', () => {
        if (!pair.dead) to.end();
      });
      from.on('error', () => {});
      from.on('close', () => {
        // A dead path does not tell the other end.
        if (!pair.dead) to.destroy();
        if (near.destroyed && far.destroyed) this.pairs.delete(pair);
      });
    }
  }
}
