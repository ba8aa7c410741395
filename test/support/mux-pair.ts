import { DEFAULT_CONFIG } from '../../src-main/engine/config.ts';
import { Muxer } from '../../src-main/engine/mux/muxer.ts';
import type { IncomingStream, MuxLimits } from '../../src-main/engine/mux/muxer-options.ts';
import { StreamIds } from '../../src-main/engine/mux/stream-ids.ts';
import type {
  OpenFailure,
  ResetReason,
  StreamEvents,
  Target,
  TunnelStream,
} from '../../src-main/engine/mux/types.ts';
import { ReceiveOrder } from '../../src-main/engine/session/receive-order.ts';
import type { RecordProgress } from '../../src-main/engine/wire/early.ts';
import { readFrames } from '../../src-main/engine/wire/frame-reader.ts';
import { FEATURE } from '../../src-main/engine/wire/hello.ts';
import { FakeClock } from './fake-clock.ts';
import type { Seeded } from './seeded.ts';

/** Keeps all that a stream tells. */
export class StreamLog implements StreamEvents {
  readonly chunks: Buffer[] = [];
  bytes = 0;
  /** What happened, in order; data as `data`. */
  readonly told: string[] = [];
  drains = 0;

  onOpened(): void {
    this.told.push('opened');
  }
  onOpenFailed(failure: OpenFailure, message: string): void {
    this.told.push(`failed ${failure}: ${message}`);
  }
  onData(chunk: Buffer): void {
    if (this.told[this.told.length - 1] !== 'data') this.told.push('data');
    this.chunks.push(Buffer.from(chunk));
    this.bytes += chunk.length;
  }
  /** Keeps copies, so what it was given is given back. */
  onChunks(chunks: readonly Buffer[]): boolean {
    for (const chunk of chunks) this.onData(chunk);
    return true;
  }
  onEnd(): void {
    this.told.push('end');
  }
  onReset(reason: ResetReason): void {
    this.told.push(`reset ${reason}`);
  }
  onDrain(): void {
    this.drains++;
  }
  onClosed(): void {
    this.told.push('closed');
  }

  get received(): Buffer {
    return Buffer.concat(this.chunks);
  }
  get text(): string {
    return this.received.toString();
  }
}

export interface Served {
  readonly incoming: IncomingStream;
  readonly stream: TunnelStream;
  readonly target: Target;
  readonly protocol: number;
  readonly log: StreamLog;
}

export interface MuxPairOptions {
  readonly client?: Partial<MuxLimits>;
  readonly server?: Partial<MuxLimits>;
  /** Where stream ids start; default 0. */
  readonly ids?: number;
  /** What the server's hello says it serves; default all. */
  readonly features?: number;
  /** What the server does with a new stream; accepts it if absent. */
  readonly onOpen?: (served: Served) => void;
  /** Records are early where they may be, and arrive in any order; by this randomness. */
  readonly disorder?: Seeded;
}

/** One direction in which records overtake each other, come twice, and are acknowledged some time. */
class DisorderedWay {
  readonly progress: RecordProgress = { early: true, below: 0 };
  readonly order = new ReceiveOrder(1 << 30);
  /** Early records sent. */
  early = 0;
  private readonly random: Seeded;
  private seq = 0;
  private flight: Array<{ seq: number; bytes: Buffer }> = [];

  constructor(random: Seeded) {
    this.random = random;
  }

  get isEmpty(): boolean {
    return this.flight.length === 0;
  }

  /** Whether something should arrive before more leaves. */
  get isLate(): boolean {
    return this.random.chance(this.flight.length / 20);
  }

  /** A record leaves, if there is one: early if it may be, unless the carrier has no room for such. */
  leave(from: Muxer, limit: number): boolean {
    const { random, seq } = this;
    if (random.chance(0.02)) this.progress.early = !this.progress.early;
    const first = random.chance(0.8) ? from.pullEarly(1000, seq) : undefined;
    const ordinary = first === undefined ? from.pull(limit, seq) : undefined;
    const plan = first ?? ordinary ?? from.pullEarly(1000, seq);
    if (plan === undefined) return false;
    if (ordinary === undefined) this.early++;
    const bytes = Buffer.concat(plan.parts);
    if (bytes.length !== plan.length) throw new Error(`${plan.length} announced, ${bytes.length} given`);
    this.flight.push({ seq, bytes });
    this.seq++;
    return true;
  }

  /** One of those under way arrives. */
  arrive(to: Muxer): void {
    const { random, flight } = this;
    if (flight.length === 0) return;
    const at = random.chance(0.3) ? 0 : random.int(0, flight.length - 1);
    const { seq, bytes } = flight[at];
    if (!random.chance(0.1)) flight.splice(at, 1);
    this.order.put(seq, [Buffer.from(bytes)], (pieces) => to.onRecord(pieces));
    if (random.chance(0.5)) this.progress.below = this.order.next;
  }
}

/** Frames of one record, each as `type id length`. */
export function framesOf(parts: readonly Buffer[]): Array<{ type: number; id: number; length: number }> {
  const found: Array<{ type: number; id: number; length: number }> = [];
  readFrames(parts, {
    onData: (id, _chunks, length) => {
      found.push({ type: 4, id, length });
      return true;
    },
    onFrame: (type, id, payload) => found.push({ type, id, length: payload.length }),
  });
  return found;
}

/** Two muxers joined by a perfect pipe: a record given by one is the other's at once, when `carry` is called. */
export class MuxPair {
  readonly clock = new FakeClock();
  readonly client: Muxer;
  readonly server: Muxer;
  readonly served: Served[] = [];
  /** `wake(now)` calls of the client, and of the server. */
  readonly wakes: boolean[] = [];
  readonly serverWakes: boolean[] = [];
  readonly up: DisorderedWay | undefined;
  readonly down: DisorderedWay | undefined;

  constructor(options: MuxPairOptions = {}) {
    if (options.disorder !== undefined) {
      this.up = new DisorderedWay(options.disorder);
      this.down = new DisorderedWay(options.disorder);
    }
    const limits = {
      client: { ...DEFAULT_CONFIG, ...options.client },
      server: { ...DEFAULT_CONFIG, ...options.server },
    };
    const { clock } = this;
    const fault = (error: Error): void => {
      throw error;
    };
    this.client = new Muxer({
      role: 'client',
      ids: new StreamIds('client', options.ids),
      limits: limits.client,
      peerWindowBytes: limits.server.initialWindowBytes,
      peerFeatures: options.features ?? FEATURE.tcp | FEATURE.udp,
      progress: this.up?.progress,
      clock,
      wake: (now) => this.wakes.push(now),
      fault,
    });
    this.server = new Muxer({
      role: 'server',
      ids: new StreamIds('server', options.ids),
      limits: limits.server,
      peerWindowBytes: limits.client.initialWindowBytes,
      progress: this.down?.progress,
      clock,
      wake: (now) => this.serverWakes.push(now),
      fault,
      onOpen: (incoming, target, protocol) => {
        const log = new StreamLog();
        const served = { incoming, stream: incoming.stream, target, protocol, log };
        incoming.stream.listen(log);
        this.served.push(served);
        if (options.onOpen !== undefined) options.onOpen(served);
        else incoming.accept();
      },
    });
  }

  /** One record of at most `limit` bytes from one side to the other; false when none was there or under way. */
  carry(from: Muxer, limit = 64 << 10): boolean {
    const way = from === this.client ? this.up : this.down;
    if (way !== undefined) {
      const left = way.leave(from, limit);
      const some = !way.isEmpty;
      if (!left || way.isLate) way.arrive(from === this.client ? this.server : this.client);
      return left || some;
    }
    const record = from.pull(limit);
    if (record === undefined) return false;
    const bytes = Buffer.concat(record.parts);
    if (bytes.length !== record.length) throw new Error(`${record.length} announced, ${bytes.length} given`);
    (from === this.client ? this.server : this.client).onRecord([bytes]);
    return true;
  }

  /** Until neither side has more to say. */
  settle(limit = 64 << 10): void {
    for (let again = true; again; ) {
      again = this.carry(this.client, limit);
      again = this.carry(this.server, limit) || again;
    }
  }
}
