import { createSecretKey } from 'node:crypto';
import { HeaderReader } from '../../../src-main/engine/carrier/kcp/envelope.ts';
import { KcpCarrier } from '../../../src-main/engine/carrier/kcp/kcp-carrier.ts';
import { Muxer } from '../../../src-main/engine/mux/muxer.ts';
import type { MuxStream } from '../../../src-main/engine/mux/stream.ts';
import type { StreamEvents } from '../../../src-main/engine/mux/types.ts';
import type { Session } from '../../../src-main/engine/session/session.ts';
import { FakeClock } from '../fake-clock.ts';
import { pattern, Seeded } from '../seeded.ts';
import { SessionPair } from '../session-pair.ts';
import { type LinkOptions, SimLink } from './sim-link.ts';

export interface KcpWorldOptions {
  readonly path: LinkOptions;
  readonly early: boolean;
  readonly seed?: number;
  /** What the server does with a stream that the client opened; `port` is its target's. */
  readonly serve: (stream: MuxStream, port: number) => void;
}

const SIZES = [1200, 1472];
const WINDOW = 16 << 20;

/** Both ends of a session, muxers above and KCP carriers below, over a simulated path, on fake time. */
export class KcpWorld {
  readonly clock = new FakeClock();
  readonly random: Seeded;
  readonly up: SimLink;
  readonly down: SimLink;
  readonly pair: SessionPair;
  readonly client: Muxer;
  readonly server: Muxer;
  carriers: { client: KcpCarrier; server: KcpCarrier } | undefined;
  private readonly options: KcpWorldOptions;

  constructor(options: KcpWorldOptions) {
    this.options = options;
    this.random = new Seeded(options.seed ?? 1);
    const { clock, random } = this;
    this.up = new SimLink(options.path, clock, random);
    this.down = new SimLink(options.path, clock, random);
    this.pair = new SessionPair({
      clock,
      early: options.early,
      limits: { streamWindowBytes: WINDOW, sendBufferBytes: 8 << 20 },
    });
    this.client = this.join('client', this.pair.client);
    this.server = this.join('server', this.pair.server);
    this.attach();
  }

  private join(role: 'client' | 'server', session: Session): Muxer {
    const { limits } = this.pair;
    const mux: Muxer = new Muxer({
      role,
      limits,
      peerWindowBytes: limits.initialWindowBytes,
      clock: this.clock,
      progress: session.progress,
      rttMs: () => session.carrier?.windowRttMs ?? session.stats.minRttMs,
      wake: (now) => session.wake(now),
      fault: (error) => session.destroy(error),
      onOpen: (incoming, target) => {
        this.options.serve(incoming.stream, target.port);
        incoming.accept();
      },
    });
    session.use({
      pull: (limit, seq) => mux.pull(limit, seq),
      pullEarly: (limit, seq) => mux.pullEarly(limit, seq),
      onRecord: (pieces) => mux.onRecord(pieces),
      onSessionEnd: () => mux.destroy('sessionLost'),
    });
    return mux;
  }

  private attach(): void {
    const { clock, random } = this;
    const secret = createSecretKey(random.bytes(32));
    const id = random.bytes(8);
    const make = (client: boolean, way: SimLink, peer: () => KcpCarrier): KcpCarrier => {
      const reader = new HeaderReader(secret, client ? 'up' : 'down');
      return new KcpCarrier({
        id,
        secret,
        client,
        label: client ? 'client' : 'server',
        clock,
        random: random.source,
        sizes: SIZES,
        windowBytes: Number.MAX_SAFE_INTEGER,
        transmit: (given) => {
          const datagram = Array.isArray(given) ? Buffer.concat(given) : given;
          way.carry(datagram.length, () => {
            const header = reader.read(datagram);
            if (header !== undefined) peer().receive(header.number, datagram);
          });
        },
        maySend: () => true,
        defer: (fn) => void clock.after(0, fn),
        onGone: () => {},
      });
    };
    const client: KcpCarrier = make(true, this.up, () => server);
    const server: KcpCarrier = make(false, this.down, () => client);
    this.carriers = { client, server };
    this.pair.server.attach(server, true);
    this.pair.client.attach(client, true);
  }

  /** Opens a stream to `port`. What it gets is consumed at once. */
  open(port: number, onData: (chunk: Buffer) => void): MuxStream {
    const events: StreamEvents = {
      onData: (chunk) => {
        onData(chunk);
        stream?.consumed(chunk.length);
      },
      onEnd: () => {},
      onReset: () => {},
    };
    const stream = this.client.open({ host: 'h', port }, events);
    if (stream === undefined) throw new Error('not opened');
    return stream;
  }
}

/** Bytes that a stream of `pour` repeats: the start of flow 1, again and again. */
export const POURED = pattern(1, 0, 16 << 10);

/** Writes known bytes for as long as the stream takes them. */
export function pour(stream: MuxStream): void {
  const more = (): void => {
    while (stream.write(POURED));
  };
  stream.listen({ onData: () => {}, onEnd: () => {}, onReset: () => {}, onDrain: more });
  more();
}

/** Gives back what it gets. */
export function echo(stream: MuxStream): void {
  stream.listen({
    onData: (chunk) => {
      stream.write(Buffer.from(chunk));
      stream.consumed(chunk.length);
    },
    onEnd: () => stream.end(),
    onReset: () => {},
  });
}
