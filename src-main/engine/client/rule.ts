import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type {
  OpenOptions,
  StreamEvents,
  StreamMeter,
  StreamOpener,
  Target,
  TunnelStream,
} from '../mux/types.ts';
import { joinSocket } from '../pump/socket-pump.ts';
import { serveMixed } from './mixed-listener.ts';
import type { ProxyAuth } from './proxy-auth.ts';
import { type BindAddress, TcpListener } from './tcp-listener.ts';

/** A forward: what listens here, and where it leads. */
export type Forward =
  | { kind: 'static'; bind: BindAddress; target: Target }
  | { kind: 'dynamic'; bind: BindAddress; auth?: ProxyAuth };

/** Counters of one rule; bytes are stream data, `sent` towards the server. */
export interface RuleStatus {
  /** `127.0.0.1:1080 → server:1080` */
  label: string;
  listening: BindAddress | undefined;
  active: number;
  total: number;
  failed: number;
  sent: number;
  received: number;
}

/** One connection that is open now; bytes as in RuleStatus. */
export interface ConnectionStatus {
  /** Unique among the connections that the rule ever had. */
  key: number;
  /** Number of its stream in the session. */
  id: number;
  /** Wall clock, ms. */
  openedAt: number;
  target: Target | undefined;
  sent: number;
  received: number;
}

export interface RuleOptions {
  forward: Forward;
  opener: StreamOpener;
  idleTimeoutMs: number;
  clock: Clock;
  log: Logger;
}

/** One forwarding rule at work: its listener and its counters. */
export class ForwardRule implements StreamMeter, StreamOpener {
  private readonly options: RuleOptions;
  private readonly listener: TcpListener;
  private readonly live = new Map<TunnelStream, { key: number; openedAt: number }>();
  private bound: BindAddress | undefined;
  private total = 0;
  private failed = 0;
  private sent = 0;
  private received = 0;

  constructor(options: RuleOptions) {
    this.options = options;
    const { forward } = options;
    this.listener = new TcpListener(
      forward.kind === 'static'
        ? (socket) => this.forwardTo(forward.target, socket)
        : (socket) =>
            serveMixed(socket, this, {
              auth: forward.auth,
              log: options.log,
              clock: options.clock,
              join: (open, stream, join) =>
                joinSocket(open, stream, { ...join, idleTimeoutMs: options.idleTimeoutMs }),
            }),
    );
  }

  get label(): string {
    const { forward } = this.options;
    const at = this.bound ?? forward.bind;
    const here = at.host.includes(':') ? `[${at.host}]:${at.port}` : `${at.host}:${at.port}`;
    if (forward.kind === 'dynamic') return `${here} (SOCKS and HTTP proxy)`;
    return `${here} → ${forward.target.host || 'the server'}:${forward.target.port}`;
  }

  /** Throws ERR_PORT_IN_USE, ERR_PORT_FORBIDDEN or ERR_LISTEN. */
  async start(): Promise<BindAddress> {
    this.bound = await this.listener.listen(this.options.forward.bind);
    return this.bound;
  }

  open(target: Target, events: StreamEvents, options?: OpenOptions): TunnelStream {
    return this.options.opener.open(target, events, { ...options, meter: this });
  }

  streamOpened(stream: TunnelStream): void {
    this.total++;
    this.live.set(stream, { key: this.total, openedAt: this.options.clock.wall() });
  }

  streamClosed(stream: TunnelStream, failed: boolean): void {
    this.live.delete(stream);
    this.sent += stream.counters.sent;
    this.received += stream.counters.received;
    if (failed) this.failed++;
  }

  /** The connections open now, oldest first. */
  connections(): ConnectionStatus[] {
    return [...this.live].map(([{ id, target, counters }, about]) => ({ id, target, ...about, ...counters }));
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
      sent += stream.counters.sent;
      received += stream.counters.received;
    }
    const { label, bound, total, failed } = this;
    return { label, listening: bound, active: this.live.size, total, failed, sent, received };
  }

  /** Takes no more connections; those there go on. */
  stop(): void {
    this.listener.stop();
  }

  destroy(): void {
    this.listener.destroy();
  }

  private forwardTo(target: Target, socket: Socket): void {
    const { log, idleTimeoutMs } = this.options;
    const none = { onData: () => {}, onEnd: () => {}, onReset: () => {} };
    const stream = this.open(target, none, { lazy: true });
    joinSocket(socket, stream, {
      idleTimeoutMs,
      onFailed: (failure, message) => log.warn(`${this.label}: not connected (${failure}): ${message}`),
    });
  }
}
