import { afterThisTurn, type Clock } from '../base/clock.ts';
import type { EngineConfig } from '../config.ts';
import type { OpenFailure, StreamOpener, Target } from '../mux/types.ts';
import { type DatagramEnd, type DatagramFailure, DatagramPump } from '../pump/datagram-pump.ts';
import type { ByteBudget } from '../pump/datagram-queue.ts';
import { DatagramTally } from '../pump/datagram-tally.ts';
import { STREAM_PROTOCOL } from '../wire/frame.ts';

/** Of the engine's config what UDP at a client needs. */
export type UdpLimits = Pick<
  EngineConfig,
  'udpIdleMs' | 'udpDnsIdleMs' | 'udpAssociations' | 'udpQueueBytes' | 'udpLateMs'
>;

export interface UdpLinkOptions {
  opener: StreamOpener;
  /** Undefined: many, and every datagram has its address. */
  target: Target | undefined;
  limits: UdpLimits;
  idleMs: number;
  clock: Clock;
  /** The rule's. */
  tally: DatagramTally;
  /** The client's, of the bytes that wait. */
  budget: ByteBudget;
  onDatagram: (payload: Buffer, address: Target | undefined) => void;
  onFailure: (failure: DatagramFailure, address: Target | undefined) => void;
  /** A stream could not be opened. The next datagram tries again, a little later. */
  onOpenFailed: (failure: OpenFailure, message: string) => void;
  /** The stream ended, mostly because nothing moved. The next datagram opens another. */
  onEnded?: () => void;
}

/** After a stream could not be opened datagrams are dropped for this long, ms, instead of asking for each. */
const RETRY_MS = 1000;
const MANY: Target = { host: '', port: 0 };

/**
 * One local program's UDP towards the server. The stream under it comes and goes: it is opened for the first datagram,
 * and again after the server gave it up or the session was lost, so that the program need not know.
 */
export class UdpLink {
  private readonly options: UdpLinkOptions;
  private pump: DatagramPump | undefined;
  private retryAt = 0;
  /** Somebody waits for `onOpened`. */
  private awaited = false;
  private opened = false;
  private movedMs: number;
  private closed = false;

  constructor(options: UdpLinkOptions) {
    this.options = options;
    this.movedMs = options.clock.now();
  }

  /** When a datagram last went either way, in the clock's time. */
  get lastMs(): number {
    return this.pump?.lastMs ?? this.movedMs;
  }

  /** Whether the server has it. */
  get isOpen(): boolean {
    return this.pump !== undefined && this.opened;
  }

  /** Opens a stream without a datagram for it. `onOpened`: the far end has it. */
  open(onOpened?: () => void): void {
    if (this.closed || this.pump !== undefined) return;
    const { options } = this;
    const { limits, clock, target } = options;
    const tally = new DatagramTally(options.tally);
    this.awaited = onOpened !== undefined;
    this.opened = false;
    const pump = new DatagramPump({
      addressed: target === undefined,
      limits,
      idleMs: options.idleMs,
      clock,
      defer: afterThisTurn,
      tally,
      onDatagram: options.onDatagram,
      onFailure: options.onFailure,
      budget: options.budget,
      onOpened: () => {
        this.awaited = false;
        this.opened = true;
        onOpened?.();
      },
      onOver: (why) => this.over(pump, why),
    });
    this.pump = pump;
    const stream = options.opener.open(target ?? MANY, pump, {
      protocol: target === undefined ? STREAM_PROTOCOL.udpMany : STREAM_PROTOCOL.udp,
      datagrams: tally.counters,
      lazy: onOpened === undefined,
    });
    pump.attach(stream);
  }

  /** Takes what it needs of `payload` before it returns. */
  send(payload: Buffer, address?: Target): void {
    if (this.closed) return;
    if (this.pump === undefined && this.options.clock.now() < this.retryAt) {
      this.options.tally.dropped();
      return;
    }
    this.open();
    this.pump?.send(payload, address);
  }

  /** In order. Idempotent. */
  close(): void {
    this.closed = true;
    this.pump?.close();
  }

  /** At once. Idempotent. */
  destroy(): void {
    this.closed = true;
    this.pump?.reset('shutdown');
  }

  private over(pump: DatagramPump, why: DatagramEnd): void {
    if (this.pump !== pump) return;
    this.movedMs = pump.lastMs;
    this.pump = undefined;
    if (why.kind === 'failed' || this.awaited) {
      this.awaited = false;
      this.retryAt = this.options.clock.now() + RETRY_MS;
      if (this.closed) return;
      if (why.kind === 'failed') this.options.onOpenFailed(why.failure, why.message);
      else this.options.onOpenFailed('internal', 'it was ended before it began');
    } else if (!this.closed) this.options.onEnded?.();
  }
}
