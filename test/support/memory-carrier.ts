import type { Clock } from '../../src-main/engine/base/clock.ts';
import { CulvertError } from '../../src-main/engine/base/errors.ts';
import type {
  Carrier,
  CarrierEvents,
  CarrierRecord,
  CarrierStats,
  Flow,
} from '../../src-main/engine/carrier/carrier.ts';
import { cutRandomly, Seeded } from './seeded.ts';

export interface MemoryPipeOptions {
  readonly clock: Clock;
  /** Where cuts and delays come from; fixed if absent. */
  readonly random?: Seeded;
  /** Time a piece is under way, ms, [shortest, longest]. Order is kept. */
  readonly delayMs?: readonly [number, number];
  /** Longest piece delivered at a time, bytes. */
  readonly pieceBytes?: number;
  /** Bytes under way at which an end says it is full. */
  readonly fullAt?: number;
  /** Whether urgent records have a way of their own, on which each comes when it likes; asked once per pipe. */
  readonly lanes?: () => boolean;
  /** Sees every record as it is sent. */
  readonly tap?: (from: MemoryCarrier, record: CarrierRecord) => void;
}

interface Piece {
  readonly bytes: Buffer;
  readonly at: number;
  /** Set on the last piece of a record. */
  readonly last: CarrierRecord | undefined;
}

/** Bytes of urgent records under way at which an end takes no more of them. */
const URGENT_FULL = 6000;

/** One end of a carrier that exists in memory only. */
export class MemoryCarrier implements Carrier {
  readonly kind = 'ws';
  readonly label: string;
  readonly stats: CarrierStats = { sent: 0, received: 0 };
  heardAt: number;
  /** Bytes under way to the other end. */
  buffered = 0;
  /** Nothing leaves any more, and nothing says so: the path is dead. */
  silent = false;
  /** Urgent records vanish from now on. */
  loseUrgent = false;
  closedWith: CulvertError | undefined;
  private readonly options: MemoryPipeOptions;
  private readonly random: Seeded;
  private other: MemoryCarrier | undefined;
  private events: CarrierEvents | undefined;
  private flow: Flow | undefined;
  private urgentFlow: Flow | undefined;
  private readonly lanes: boolean;
  private urgentBytes = 0;
  private gone = false;
  private choked = false;
  private queue: Piece[] = [];
  private moving = false;
  private readonly early: Buffer[] = [];
  private readonly earlyUrgent: Buffer[] = [];

  constructor(label: string, options: MemoryPipeOptions, lanes: boolean) {
    this.label = label;
    this.options = options;
    this.lanes = lanes;
    this.random = options.random ?? new Seeded(1);
    this.heardAt = options.clock.now();
  }

  join(other: MemoryCarrier): void {
    this.other = other;
  }

  get isGone(): boolean {
    return this.gone;
  }

  get writable(): boolean {
    return !this.gone && !this.choked && this.buffered < (this.options.fullAt ?? 512 << 10);
  }

  get urgentWritable(): boolean | undefined {
    if (!this.lanes) return undefined;
    return !this.gone && !this.choked && this.urgentBytes < URGENT_FULL;
  }

  start(events: CarrierEvents): void {
    this.events = events;
    if (this.gone) {
      events.onClose(this.closedWith ?? lost('gone before it began'));
      return;
    }
    this.flow = events.openFlow();
    this.urgentFlow = events.openFlow();
    for (const piece of this.early.splice(0)) this.arrive(piece);
    for (const record of this.earlyUrgent.splice(0)) this.arrive(record, true);
  }

  send(records: readonly CarrierRecord[]): void {
    if (this.gone) return;
    for (const record of records) {
      this.options.tap?.(this, record);
      let length = 0;
      for (const part of record.parts) length += part.length;
      if (length !== record.bytes) throw new Error(`${record.bytes} announced, ${length} given`);
      this.stats.sent += length;
      if (this.silent) record.written();
      else if (this.lanes && record.urgent === true) this.putUrgent(record);
      else this.put(record);
    }
    this.move();
  }

  /** Queues the record's own memory: were it given back before it arrived, what arrives would not verify. */
  private put(record: CarrierRecord): void {
    const [low, high] = this.options.delayMs ?? [0, 0];
    const pieces = record.parts.flatMap((part) =>
      cutRandomly(part, this.random, this.options.pieceBytes ?? 1 << 20),
    );
    pieces.forEach((bytes, index) => {
      const earliest = this.queue.length > 0 ? this.queue[this.queue.length - 1].at : 0;
      const at = Math.max(earliest, this.options.clock.now() + low + this.random.unit() * (high - low));
      this.queue.push({ bytes, at, last: index === pieces.length - 1 ? record : undefined });
      this.buffered += bytes.length;
    });
  }

  /** It arrives whole, before or after whatever else is under way; of what is when the path dies, half does. */
  private putUrgent(record: CarrierRecord): void {
    const [low, high] = this.options.delayMs ?? [0, 0];
    const delay = low + this.random.unit() * (this.random.chance(0.2) ? 5 * high + 50 : high - low);
    const bytes = Buffer.concat(record.parts);
    this.urgentBytes += bytes.length;
    this.options.clock.after(delay, () => {
      const full = this.urgentWritable === false;
      this.urgentBytes -= bytes.length;
      if (!this.loseUrgent && (!this.silent || this.random.chance(0.5))) this.other?.arrive(bytes, true);
      record.written();
      if (full && this.urgentWritable) this.events?.onWritable();
    });
  }

  close(): void {
    if (this.gone) return;
    // What was queued arrives; then the other end sees the close.
    const { other } = this;
    for (const piece of this.queue.splice(0)) this.pass(piece);
    this.end(lost('closed'));
    this.options.clock.after(0, () => other?.end(lost('closed by the peer')));
  }

  destroy(error: CulvertError): void {
    if (this.gone) return;
    this.end(error);
    const { other } = this;
    if (!this.silent) this.options.clock.after(0, () => other?.end(lost('cut by the peer')));
  }

  /** Says for `ms` that it is full. */
  choke(ms: number): void {
    if (this.gone || this.choked) return;
    this.choked = true;
    this.options.clock.after(ms, () => {
      this.choked = false;
      if (this.writable) this.events?.onWritable();
    });
  }

  /** The path dies: a part of what is under way still arrives, perhaps the half of a record, and then no more. */
  cutPath(): void {
    const arrived = this.random.int(0, this.queue.length);
    for (const piece of this.queue.splice(0, arrived)) if (!this.gone) this.pass(piece);
    this.queue = [];
    this.silent = true;
  }

  /** This end learns that it is over. */
  end(reason: CulvertError): void {
    if (this.gone) return;
    this.gone = true;
    this.closedWith = reason;
    this.queue = [];
    this.events?.onClose(reason);
  }

  private move(): void {
    if (this.moving || this.queue.length === 0) return;
    this.moving = true;
    const { clock } = this.options;
    const due = this.queue[0].at;
    clock.after(Math.max(0, due - clock.now()), () => {
      this.moving = false;
      const full = !this.writable;
      // Not the clock's word alone: adding and subtracting fractions may fall short of `due`.
      const until = Math.max(due, clock.now());
      while (this.queue.length > 0 && this.queue[0].at <= until) {
        const piece = this.queue.shift() as Piece;
        this.buffered -= piece.bytes.length;
        this.pass(piece);
      }
      this.move();
      if (full && this.writable) this.events?.onWritable();
    });
  }

  private pass({ bytes, last }: Piece): void {
    this.other?.arrive(bytes);
    last?.written();
  }

  private arrive(bytes: Buffer, urgent = false): void {
    if (this.gone) return;
    if (this.flow === undefined) {
      (urgent ? this.earlyUrgent : this.early).push(Buffer.from(bytes));
      return;
    }
    this.heardAt = this.options.clock.now();
    this.stats.received += bytes.length;
    try {
      (urgent ? this.urgentFlow : this.flow)?.push(bytes);
    } catch (error) {
      if (!(error instanceof CulvertError)) throw error;
      this.destroy(error);
    }
  }
}

function lost(what: string): CulvertError {
  return new CulvertError('ERR_CARRIER_LOST', `the memory carrier was ${what}`);
}

export interface MemoryPipe {
  readonly client: MemoryCarrier;
  readonly server: MemoryCarrier;
  /**
   * The path dies. Each end learns of it after its own time, ms; an end without one learns it from nobody: that is
   * what a NAT that forgot a connection does.
   */
  kill(clientAfterMs?: number, serverAfterMs?: number): void;
}

/** Both ends of a carrier in memory. */
export function memoryPipe(options: MemoryPipeOptions): MemoryPipe {
  const lanes = options.lanes?.() ?? false;
  const client = new MemoryCarrier('memory to the server', options, lanes);
  const server = new MemoryCarrier('memory from the client', options, lanes);
  client.join(server);
  server.join(client);
  return {
    client,
    server,
    kill: (clientAfterMs, serverAfterMs) => {
      client.cutPath();
      server.cutPath();
      for (const [end, ms] of [
        [client, clientAfterMs],
        [server, serverAfterMs],
      ] as const) {
        if (ms !== undefined) options.clock.after(ms, () => end.end(lost('cut')));
      }
    },
  };
}
