import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../base/clock.ts';

/** A keystroke needs two: one for its request, one for that which waits at the server next. */
const MOST = 2;
/** Closed when no data has moved for this long, ms. */
const REST_MS = 2_000;
/** None is used that has waited longer, ms: proxies give up on connections without a request, the strict ones after 5 s. */
const MAX_AGE_MS = 4_000;

interface Waiting {
  readonly socket: Promise<Socket>;
  readonly since: number;
  connected: Socket | undefined;
}

/**
 * Connections made before there is a request for them, where the path closes each after its answer: a request there
 * takes one round trip instead of two. Only while data moves; an idle path has none.
 */
export class SocketsAhead {
  private readonly connect: () => Promise<Socket>;
  private readonly clock: Clock;
  private readonly waiting = new Set<Waiting>();
  private closes = false;
  private movedAt = Number.NEGATIVE_INFINITY;
  private rest: Timer | undefined;

  constructor(connect: () => Promise<Socket>, clock: Clock) {
    this.connect = connect;
    this.clock = clock;
  }

  get size(): number {
    return this.waiting.size;
  }

  /** An answer came, and the path kept its connection, or did not. */
  learn(kept: boolean): void {
    this.closes = !kept;
    if (kept) this.close();
  }

  /** Data moves: further requests are to come. */
  stir(): void {
    this.movedAt = this.clock.now();
    this.fill();
  }

  /** The oldest there is, connected or nearly; undefined: none. It may reject like any connection. */
  take(): Promise<Socket> | undefined {
    const oldest = this.clock.now() - MAX_AGE_MS;
    for (const each of [...this.waiting]) {
      this.waiting.delete(each);
      // A byte before the first request is a proxy's farewell.
      if (each.since < oldest || each.connected?.destroyed || each.connected?.readableLength) {
        drop(each);
        continue;
      }
      this.fill();
      return each.socket;
    }
    return undefined;
  }

  close(): void {
    this.rest?.cancel();
    this.rest = undefined;
    for (const each of this.waiting) drop(each);
    this.waiting.clear();
  }

  private fill(): void {
    if (!this.closes || this.clock.now() - this.movedAt >= REST_MS) return;
    while (this.waiting.size < MOST) this.add();
    this.rest ??= this.clock.after(REST_MS, this.onRest);
  }

  private add(): void {
    const since = this.clock.now();
    const entry: Waiting = { socket: this.connect(), since, connected: undefined };
    this.waiting.add(entry);
    const gone = (): void => void this.waiting.delete(entry);
    entry.socket.then((socket) => {
      entry.connected = socket;
      socket.on('error', gone).once('close', gone);
    }, gone);
  }

  private readonly onRest = (): void => {
    this.rest = undefined;
    const left = this.movedAt + REST_MS - this.clock.now();
    if (left <= 0) this.close();
    else this.rest = this.clock.after(left, this.onRest);
  };
}

function drop({ socket }: Waiting): void {
  socket.then(
    (connected) => connected.destroy(),
    () => {},
  );
}
