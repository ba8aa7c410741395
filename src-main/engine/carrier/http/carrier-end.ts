import type { Clock } from '../../base/clock.ts';
import type { CarrierEvents, CarrierRecord, CarrierStats } from '../carrier.ts';
import { Outbox } from './outbox.ts';

/** What both ends of an HTTP carrier do alike: gather what is to be sent, and send it together at the turn's end. */
export abstract class CarrierEnd {
  readonly kind = 'http';
  readonly stats: CarrierStats = { sent: 0, received: 0 };
  heardAt: number;
  protected readonly clock: Clock;
  protected readonly outbox = new Outbox();
  protected events: CarrierEvents | undefined;
  protected closing = false;
  protected gone = false;
  /** The session was told, or may have seen, that there is no room. */
  private wasFull = false;
  private flushQueued = false;

  constructor(clock: Clock) {
    this.clock = clock;
    this.heardAt = clock.now();
  }

  abstract get writable(): boolean;

  /** Closed, and the last word is not out yet. */
  get lingers(): boolean {
    return this.closing && !this.gone;
  }

  /** Sends what can be sent. Not called any more once it is gone. */
  protected abstract flush(): void;

  send(records: readonly CarrierRecord[]): void {
    if (this.gone || this.closing) return;
    this.outbox.put(records);
    if (!this.writable) this.wasFull = true;
    this.schedule();
  }

  /** The session waits for room, and there is some. */
  protected get owesRoom(): boolean {
    return this.wasFull && this.writable;
  }

  protected tellRoom(): void {
    if (!this.owesRoom) return;
    this.wasFull = false;
    this.events?.onWritable();
  }

  /** Everything that this turn's events bring leaves together. */
  protected schedule(): void {
    if (this.flushQueued) return;
    this.flushQueued = true;
    process.nextTick(this.runFlush);
  }

  private readonly runFlush = (): void => {
    this.flushQueued = false;
    if (!this.gone) this.flush();
  };
}
