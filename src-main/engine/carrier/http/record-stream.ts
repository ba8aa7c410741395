import type { Clock, Timer } from '../../base/clock.ts';
import type { CarrierRecord } from '../carrier.ts';
import { STREAM_BACKLOG, STREAM_IDLE_MS, STREAM_STALL_MS } from './limits.ts';
import { type Outbox, partsOf } from './outbox.ts';
import { StreamLedger } from './stream-ledger.ts';

/** The block at the end of a stream is shorter than this. */
const END_BYTES = 512;

/** The body of a message, as it is made. */
export interface BodyStream {
  /** Bytes that the kernel has not taken. */
  readonly backlog: number;
  write(parts: readonly Buffer[], onWritten: () => void): void;
  end(): void;
}

export interface RecordStreamOptions {
  body: BodyStream;
  /** The sealed block in front, and the one at the end that tells how much was before it. */
  first: Buffer;
  last: (bytes: number) => Buffer;
  /** How long it may last, ms. */
  holdMs: number;
  /** ... and how long it may become, bytes. */
  maxBytes: number;
  clock: Clock;
  /** It has ended; what is in `lost` has to be sent again. `broken`: nothing of it seems to arrive. */
  onEnd: (lost: CarrierRecord[], broken: boolean) => void;
}

/**
 * A body that stays open and takes records as they come: a response at the server, a request at the client. It ends
 * when it has lasted as long as the path lets a request wait, when nothing was sent for a while, and when what was sent
 * is not acknowledged: a proxy has begun to collect it.
 */
export class RecordStream {
  private readonly options: RecordStreamOptions;
  private readonly ledger = new StreamLedger();
  private readonly timer: Timer;
  private watch: Timer | undefined;
  /** So far. */
  bytes: number;
  private lastAt: number;
  private over = false;

  constructor(options: RecordStreamOptions) {
    this.options = options;
    const { body, clock, first, holdMs } = options;
    this.bytes = first.length;
    this.lastAt = clock.now();
    body.write([first], () => {});
    this.timer = clock.after(holdMs, () => this.end());
    this.look();
  }

  /** Takes what it can. Returns the bytes. */
  send(outbox: Outbox): number {
    const before = this.bytes;
    const { body, maxBytes } = this.options;
    while (!this.over && !outbox.isEmpty && body.backlog < STREAM_BACKLOG) {
      const room = maxBytes - this.bytes - END_BYTES;
      // Of a record that is longer than all of it nothing can be said better.
      if (outbox.firstBytes > room && this.ledger.bytes > 0) {
        this.end();
        break;
      }
      const { records, bytes } = outbox.take(Math.min(STREAM_BACKLOG, room));
      this.bytes += bytes;
      this.ledger.add(records);
      body.write(partsOf(records), () => {
        for (const record of records) record.written();
      });
    }
    if (this.bytes === before) return 0;
    this.lastAt = this.options.clock.now();
    return this.bytes - before;
  }

  /** In order. */
  end(): void {
    if (this.over) return;
    this.stop();
    const { body, last, onEnd } = this.options;
    body.write([last(this.bytes)], () => {});
    body.end();
    onEnd([], false);
  }

  /** What it carried is given back, as far as it is not acknowledged. */
  fail(): void {
    if (this.over) return;
    this.stop();
    this.options.onEnd(this.ledger.takeLost(), true);
  }

  /** For one that has ended and did not arrive. */
  takeLost(): CarrierRecord[] {
    return this.ledger.takeLost();
  }

  /** Bytes of one that has ended that are not acknowledged; 0 while it goes on. */
  get tailBytes(): number {
    return this.over ? this.ledger.waitingBytes : 0;
  }
  /** It has ended, and nothing more of it seems to arrive. */
  isLost(now: number): boolean {
    return this.over && this.ledger.stalledMs(now) >= STREAM_STALL_MS;
  }

  private stop(): void {
    this.over = true;
    this.timer.cancel();
    this.watch?.cancel();
  }

  private look(): void {
    this.watch = this.options.clock.after(STREAM_STALL_MS / 4, () => {
      const now = this.options.clock.now();
      if (this.ledger.stalledMs(now) >= STREAM_STALL_MS) this.fail();
      else if (now - this.lastAt >= STREAM_IDLE_MS) this.end();
      else this.look();
    });
  }
}
