import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { Seeded } from '../seeded.ts';
import type { LinkOptions } from './sim-link.ts';

/** What a direction does beside its rate and delay; shares from 0 to 1. */
export interface Mischief extends LinkOptions {
  duplicate?: number;
  /** One bit is turned. */
  mutate?: number;
  truncate?: number;
  /** It comes up to so many ms late, so that it is overtaken. */
  reorder?: number;
  /** Datagrams above this vanish, as on a path whose packets are smaller. */
  mtu?: number;
}

type Forward = (datagram: Buffer) => void;

interface Waiting {
  due: number;
  datagram: Buffer;
  forward: Forward;
}

/** Bytes of the IP and UDP headers, which count for the rate. */
const HEADERS = 28;

/** One direction over real sockets: rate, a queue with tail drop, delay, and loss from a seed. Keeps the order. */
class Direction {
  options: Mischief;
  readonly stats = { datagrams: 0, bytes: 0, lost: 0, dropped: 0 };
  private readonly random: Seeded;
  private freeAt = 0;
  private head = 0;
  private queue: Waiting[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(options: Mischief, random: Seeded) {
    this.options = options;
    this.random = random;
  }

  take(datagram: Buffer, forward: Forward): void {
    const { options, random, stats } = this;
    stats.datagrams++;
    stats.bytes += datagram.length + HEADERS;
    const now = performance.now();
    const wait = Math.max(0, this.freeAt - now);
    if (wait > options.queueMs) {
      stats.dropped++;
      return;
    }
    this.freeAt = now + wait + (datagram.length + HEADERS) / options.rate;
    if (random.chance(options.loss) || datagram.length > (options.mtu ?? Number.POSITIVE_INFINITY)) {
      stats.lost++;
      return;
    }
    const due = this.freeAt + options.delay;
    let given = datagram;
    if (random.chance(options.mutate ?? 0)) {
      given = Buffer.from(datagram);
      given[random.int(0, given.length - 1)] ^= 1 << random.int(0, 7);
    } else if (random.chance(options.truncate ?? 0))
      given = datagram.subarray(0, random.int(0, datagram.length - 1));
    if (random.chance(options.reorder ?? 0)) {
      setTimeout(() => forward(given), due - now + random.int(1, 20));
      return;
    }
    this.queue.push({ due, datagram: given, forward });
    if (random.chance(options.duplicate ?? 0)) this.queue.push({ due, datagram: given, forward });
    this.timer ??= setTimeout(this.drain, Math.max(0, due - now));
  }

  private readonly drain = (): void => {
    this.timer = undefined;
    const now = performance.now();
    const { queue } = this;
    while (this.head < queue.length && queue[this.head].due <= now + 0.5) {
      const { datagram, forward } = queue[this.head++];
      forward(datagram);
    }
    if (this.head > 1000 || this.head === queue.length) {
      queue.splice(0, this.head);
      this.head = 0;
    }
    if (queue.length > 0) this.timer = setTimeout(this.drain, Math.max(1, queue[this.head].due - now));
  };

  close(): void {
    clearTimeout(this.timer);
  }
}

/** Addresses are numbers: without it every datagram would go through the resolver. */
const NUMERIC = (
  host: string,
  _options: unknown,
  done: (error: null, host: string, family: number) => void,
) => done(null, host, 4);

async function bound(): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', lookup: NUMERIC });
  const ready = once(socket, 'listening');
  socket.bind(0, '127.0.0.1');
  await ready;
  try {
    socket.setRecvBufferSize(4 << 20);
    socket.setSendBufferSize(4 << 20);
  } catch {
    // The system's own limit will do.
  }
  return socket;
}

/** A path to a UDP port of loopback, for any number of clients, which share it. */
export class UdpRelay {
  readonly up: Direction;
  readonly down: Direction;
  /** Sees what the target gets, once it is sent. */
  onUp: ((datagram: Buffer) => void) | undefined;
  /** The port that it leads to. */
  target: number;
  private inner: Socket | undefined;
  /** By the client's address: the socket towards the target. */
  private readonly outer = new Map<string, Promise<Socket>>();

  constructor(target: number, up: Mischief, down: Mischief = up, seed = 1) {
    this.target = target;
    this.up = new Direction(up, new Seeded(seed));
    this.down = new Direction(down, new Seeded(seed + 1));
  }

  /** Gives its own port. */
  async start(): Promise<number> {
    const inner = await bound();
    this.inner = inner;
    inner.on('message', (datagram, from) => void this.fromClient(inner, datagram, from));
    return inner.address().port;
  }

  /** From now on the target sees every client at another address, as after a NAT forgot it. */
  rebind(): void {
    for (const socket of this.outer.values()) void socket.then((each) => each.close());
    this.outer.clear();
  }

  private async fromClient(inner: Socket, datagram: Buffer, from: RemoteInfo): Promise<void> {
    const name = `${from.address}:${from.port}`;
    let pending = this.outer.get(name);
    if (pending === undefined) {
      pending = this.openOuter(inner, from);
      this.outer.set(name, pending);
    }
    const outer = await pending;
    this.up.take(datagram, (given) => {
      send(outer, given, this.target, '127.0.0.1');
      this.onUp?.(given);
    });
  }

  private async openOuter(inner: Socket, from: RemoteInfo): Promise<Socket> {
    const outer = await bound();
    outer.on('message', (datagram) =>
      this.down.take(datagram, (given) => send(inner, given, from.port, from.address)),
    );
    return outer;
  }

  close(): void {
    this.up.close();
    this.down.close();
    this.inner?.close();
    this.inner = undefined;
    this.rebind();
  }
}

/** What is still under way when its socket is gone is lost. */
function send(socket: Socket, datagram: Buffer, port: number, address: string): void {
  try {
    socket.send(datagram, port, address, () => {});
  } catch {
    // Closed.
  }
}
