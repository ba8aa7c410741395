import { formatHostPort } from '../base/address.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type {
  DatagramCounters,
  OpenOptions,
  StreamCounters,
  StreamEvents,
  StreamMeter,
  StreamOpener,
  Target,
  TunnelStream,
} from '../mux/types.ts';
import type { AnySocket } from '../native/any-socket.ts';
import type { ByteBudget } from '../pump/datagram-queue.ts';
import { DatagramTally } from '../pump/datagram-tally.ts';
import { joinSocket } from '../pump/socket-pump.ts';
import { serveMixed } from './mixed-listener.ts';
import type { ProxyAuth } from './proxy-auth.ts';
import { type BindAddress, TcpListener } from './tcp-listener.ts';
import type { UdpAssociates } from './udp-associate.ts';
import { UdpForward } from './udp-forward.ts';
import type { UdpLimits } from './udp-link.ts';

/** A forward: what listens here, and where it leads. */
export type Forward =
  | { kind: 'static'; bind: BindAddress; target: Target }
  | { kind: 'udp'; bind: BindAddress; target: Target }
  | { kind: 'dynamic'; bind: BindAddress; auth?: ProxyAuth };

/** Counters of one rule; bytes are stream data, of UDP the datagrams' payloads, `sent` towards the server. */
export interface RuleStatus {
  /** `127.0.0.1:1080 → server:1080` */
  label: string;
  listening: BindAddress | undefined;
  active: number;
  total: number;
  failed: number;
  sent: number;
  received: number;
  /** Of a UDP forward, and of the UDP associations of a dynamic port. */
  datagrams: DatagramCounters;
}

/** One connection that is open now; bytes as in RuleStatus. */
export interface ConnectionStatus {
  /** Unique among the connections that the rule ever had. */
  key: number;
  /** Number of its stream in the session. */
  id: number;
  /** Wall clock, ms. */
  openedAt: number;
  /** Of a UDP association with many targets the port is 0. */
  target: Target | undefined;
  sent: number;
  received: number;
  /** It is a UDP association. */
  datagrams?: DatagramCounters | undefined;
}

/** What takes a rule's connections or datagrams. */
interface Listener {
  listen(bind: BindAddress): Promise<BindAddress>;
  stop(): void;
  destroy(): void;
}

export interface RuleOptions {
  forward: Forward;
  opener: StreamOpener;
  idleTimeoutMs: number;
  udp: UdpLimits;
  /** The client's, of datagrams that wait. */
  budget: ByteBudget;
  clock: Clock;
  log: Logger;
}

/** One forwarding rule at work: its listener and its counters. */
export class ForwardRule implements StreamMeter, StreamOpener {
  private readonly options: RuleOptions;
  private readonly listener: Listener;
  private readonly tally = new DatagramTally();
  private readonly associates: UdpAssociates;
  private readonly live = new Map<TunnelStream, { key: number; openedAt: number }>();
  private bound: BindAddress | undefined;
  private total = 0;
  private failed = 0;
  private sent = 0;
  private received = 0;

  constructor(options: RuleOptions) {
    this.options = options;
    const { udp: limits, budget } = options;
    this.associates = { limits, tally: this.tally, budget, open: new Set() };
    this.listener = this.makeListener();
  }

  get label(): string {
    const { forward } = this.options;
    const at = this.bound ?? forward.bind;
    const here = formatHostPort(at.host || '*', at.port);
    if (forward.kind === 'dynamic') return `${here} (SOCKS and HTTP proxy)`;
    const place = forward.kind === 'udp' ? `${here}/udp` : here;
    return `${place} → ${formatHostPort(forward.target.host || 'the server', forward.target.port)}`;
  }

  /** Throws ERR_PORT_IN_USE, ERR_PORT_FORBIDDEN or ERR_LISTEN. */
  async start(): Promise<BindAddress> {
    this.bound = await this.listener.listen(this.options.forward.bind);
    return this.bound;
  }

  open(target: Target, events: StreamEvents, options: OpenOptions = {}): TunnelStream {
    // Field by field: V8 makes a class of its own for each copy by spread with one more field.
    const { protocol, datagrams, lazy } = options;
    return this.options.opener.open(target, events, { protocol, datagrams, lazy, meter: this });
  }

  streamOpened(stream: TunnelStream): void {
    this.total++;
    this.live.set(stream, { key: this.total, openedAt: this.options.clock.wall() });
  }

  streamClosed(stream: TunnelStream, failed: boolean): void {
    this.live.delete(stream);
    const { sent, received } = bytesOf(stream);
    this.sent += sent;
    this.received += received;
    if (failed) this.failed++;
  }

  /** The connections open now, oldest first. */
  connections(): ConnectionStatus[] {
    return [...this.live].map(([stream, about]) => {
      const { id, target, datagrams } = stream;
      return { id, target, ...about, ...bytesOf(stream), datagrams };
    });
  }

  /** Resets the connections with these keys, or all. Gives how many there were. */
  reset(keys?: ReadonlySet<number>): number {
    const streams = [...this.live].filter(([, { key }]) => keys === undefined || keys.has(key));
    for (const [stream] of streams) stream.reset('reset');
    return streams.length;
  }

  status(): RuleStatus {
    let { sent, received } = this;
    for (const stream of this.live.keys()) {
      const bytes = bytesOf(stream);
      sent += bytes.sent;
      received += bytes.received;
    }
    const { label, bound, total, failed } = this;
    const datagrams = { ...this.tally.counters };
    return { label, listening: bound, active: this.live.size, total, failed, sent, received, datagrams };
  }

  /** Takes no more connections; those there go on, but for UDP, where nothing tells when one has finished. */
  stop(): void {
    this.listener.stop();
    for (const associate of [...this.associates.open]) associate.close();
  }

  destroy(): void {
    this.listener.destroy();
    for (const associate of [...this.associates.open]) associate.close();
  }

  private makeListener(): Listener {
    const { forward, log, clock, idleTimeoutMs, udp: limits, budget } = this.options;
    switch (forward.kind) {
      case 'static': {
        const take = (socket: AnySocket): void => this.forwardTo(forward.target, socket);
        return new TcpListener(take, take);
      }
      case 'udp': {
        const { tally } = this;
        const label = (): string => this.label;
        return new UdpForward({
          target: forward.target,
          opener: this,
          limits,
          clock,
          log,
          tally,
          budget,
          label,
        });
      }
      case 'dynamic':
        return new TcpListener((socket) =>
          serveMixed(socket, this, {
            auth: forward.auth,
            log,
            clock,
            udp: this.associates,
            idleTimeoutMs,
            join: (open, stream, join) => joinSocket(open, stream, { ...join, idleTimeoutMs }),
          }),
        );
    }
  }

  private forwardTo(target: Target, socket: AnySocket): void {
    const { log, idleTimeoutMs } = this.options;
    const none = { onData: () => {}, onEnd: () => {}, onReset: () => {} };
    const stream = this.open(target, none, { lazy: true });
    joinSocket(socket, stream, {
      idleTimeoutMs,
      onFailed: (failure, message) => log.warn(`${this.label}: not connected (${failure}): ${message}`),
    });
  }
}

/** What went through as the program counts it: without what frames a datagram in its stream. */
function bytesOf({ counters, datagrams }: TunnelStream): StreamCounters {
  if (datagrams === undefined) return { sent: counters.sent, received: counters.received };
  return { sent: datagrams.sentBytes, received: datagrams.receivedBytes };
}
