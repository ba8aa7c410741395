import type { KeyObject } from 'node:crypto';
import type { Clock, RandomBytes } from '../../base/clock.ts';
import { CulvertError } from '../../base/errors.ts';
import { release } from '../../base/release.ts';
import type { Carrier, CarrierEvents, CarrierRecord, CarrierStats, Flow } from '../carrier.ts';
import { type Body, FLAG } from './body.ts';
import { DatagramOpener, DatagramSealer, ENVELOPE } from './envelope.ts';
import { CLOSE_MS, EARLY_BYTES, RECEIVE_BYTES } from './limits.ts';
import { PacedLink } from './paced-link.ts';

/** Round trips that a stream's window may hold. */
const WINDOW_ROUNDS = 4;

export interface KcpCarrierOptions {
  /** 8 bytes that the client chose. */
  id: Buffer;
  /** The user's key for datagrams. */
  secret: KeyObject;
  client: boolean;
  label: string;
  clock: Clock;
  random: RandomBytes;
  /** Datagram sizes to try, ascending. */
  sizes: readonly number[];
  /** Most bytes under way. */
  windowBytes: number;
  transmit: (datagram: Buffer | Buffer[]) => void;
  /** Whether the address may get so many bytes (see `KcpPeer`). */
  maySend: (bytes: number) => boolean;
  /** Runs `fn` once the datagrams at hand are dealt with, so that what they bring leaves together. */
  defer: (fn: () => void) => void;
  /** Nothing was heard for that many timeouts in a row. */
  onTimeouts?: (count: number) => void;
  /** It is gone, and sends and takes nothing any more. */
  onGone: () => void;
}

/** One end of a session's way over UDP: a `PacedLink` whose bodies are sealed. */
export class KcpCarrier implements Carrier {
  readonly kind = 'kcp';
  label: string;
  readonly stats: CarrierStats = { sent: 0, received: 0 };
  heardAt: number;
  readonly link: PacedLink;
  private readonly options: KcpCarrierOptions;
  private readonly sealer: DatagramSealer;
  private readonly opener: DatagramOpener;
  private events: CarrierEvents | undefined;
  private flows: { bulk: Flow; urgent: Flow } | undefined;
  /** What came before the session took the carrier. */
  private waiting: Array<{ data: Buffer; urgent: boolean }> = [];
  private waitingBytes = 0;
  private deferred = false;
  private closing = false;
  private gone: CulvertError | undefined;

  constructor(options: KcpCarrierOptions) {
    this.options = options;
    this.label = options.label;
    this.heardAt = options.clock.now();
    const { id, secret, client } = options;
    this.sealer = new DatagramSealer(secret, id, client ? 'up' : 'down');
    this.opener = new DatagramOpener(secret, id, client ? 'down' : 'up');
    this.link = new PacedLink({
      conv: id.readUInt32LE(0),
      clock: options.clock,
      random: options.random,
      overhead: ENVELOPE,
      sizes: options.sizes,
      windowBytes: options.windowBytes,
      receiveBytes: RECEIVE_BYTES,
      send: (number, body) => this.transmit(number, body),
      maySend: options.maySend,
      deliver: (data, urgent) => this.deliver(data, urgent),
      onWritable: () => this.events?.onWritable(),
      onTimeouts: options.onTimeouts,
      onDead: (reason) => this.lost(reason),
    });
  }

  get writable(): boolean {
    return this.gone === undefined && !this.closing && this.link.writable;
  }
  get urgentWritable(): boolean {
    return this.gone === undefined && !this.closing && this.link.urgentWritable;
  }
  get buffered(): number {
    return this.link.buffered;
  }
  /**
   * Wide windows cost nothing here: the model keeps the path's queue short, and `writable` this end's. Narrow ones
   * cost much, as whatever is lost holds up a round trip's worth of data behind it.
   */
  get windowRttMs(): number | undefined {
    const ordered = this.link.orderedRtt;
    return ordered === undefined ? undefined : WINDOW_ROUNDS * ordered;
  }
  get isGone(): boolean {
    return this.gone !== undefined;
  }

  start(events: CarrierEvents): void {
    this.events = events;
    if (this.gone !== undefined) return events.onClose(this.gone);
    this.flows = { bulk: events.openFlow(), urgent: events.openFlow() };
    const { waiting } = this;
    this.waiting = [];
    for (const { data, urgent } of waiting) this.deliver(data, urgent);
  }

  send(records: readonly CarrierRecord[]): void {
    if (this.gone !== undefined || this.closing) return;
    for (const record of records) {
      this.link.write(record.parts, record.urgent && record.bytes <= this.link.longestUrgent);
      record.written();
    }
    this.flushSoon();
  }

  /** A datagram of this carrier. The body, when it verifies and is new; undefined otherwise. */
  receive(number: number, datagram: Buffer): Body | undefined {
    if (this.gone !== undefined || this.link.seen(number)) return undefined;
    const plain = this.opener.open(number, datagram);
    if (plain === undefined) return undefined;
    this.heardAt = this.options.clock.now();
    const body = this.link.receive(number, plain);
    if (body === undefined) return undefined;
    this.stats.received += datagram.length;
    release(plain);
    if (body.flags & FLAG.close) {
      this.lost(new CulvertError('ERR_CARRIER_LOST', 'the peer closed the KCP carrier'));
      return body;
    }
    this.settle();
    this.flushSoon();
    return body;
  }

  close(): void {
    if (this.gone !== undefined || this.closing) return;
    this.closing = true;
    this.link.flush();
    this.settle();
    this.options.clock.after(CLOSE_MS, () => this.finish());
  }

  destroy(error: CulvertError): void {
    if (this.gone === undefined) this.sayClosed();
    this.lost(error);
  }

  private settle(): void {
    if (this.closing && this.link.settled) this.finish();
  }

  private finish(): void {
    if (this.gone === undefined) this.sayClosed();
    this.lost(new CulvertError('ERR_CARRIER_LOST', 'the KCP carrier was closed'));
  }

  /** Not acknowledged and not repeated: a peer that misses it notices the silence. */
  private sayClosed(): void {
    for (let i = 0; i < 2; i++) {
      if (this.options.maySend(ENVELOPE + 128)) this.link.sendBare(FLAG.close);
    }
  }

  private flushSoon(): void {
    if (this.deferred) return;
    this.deferred = true;
    this.options.defer(this.deferredFlush);
  }

  private readonly deferredFlush = (): void => {
    this.deferred = false;
    this.link.flush();
  };

  private transmit(number: number, body: Buffer): void {
    this.stats.sent += body.length + ENVELOPE;
    this.options.transmit(this.sealer.seal(number, body));
  }

  private deliver(data: Buffer, urgent: boolean): void {
    if (this.gone !== undefined) return;
    const { flows } = this;
    if (flows === undefined) {
      this.waiting.push({ data: Buffer.from(data), urgent });
      this.waitingBytes += data.length;
      if (this.waitingBytes > EARLY_BYTES)
        this.destroy(new CulvertError('ERR_LIMIT', 'data came before its session'));
      return;
    }
    try {
      (urgent ? flows.urgent : flows.bulk).push(data);
    } catch (error) {
      const text = `the KCP carrier failed: ${String(error)}`;
      const known = error instanceof CulvertError;
      this.destroy(known ? error : new CulvertError('ERR_INTERNAL', text, { cause: error }));
    }
  }

  private lost(reason: CulvertError): void {
    if (this.gone !== undefined) return;
    this.gone = reason;
    this.link.stop();
    this.options.onGone();
    this.events?.onClose(reason);
  }
}
