import { type Poll, SEEN } from '../../wire/poll.ts';
import type { CarrierRecord } from '../carrier.ts';
import type { Exchange } from './exchange.ts';

/**
 * The requests that the server's end of an HTTP carrier knows of: those that wait, and those that were answered and
 * of which it is not known whether the answer arrived.
 */
export class ExchangeTable {
  /** Bytes of answers that are not known to have arrived. Streamed ones do not count: acknowledgements bound them. */
  unconfirmed = 0;
  /** Complete, unanswered and heard, the oldest first. */
  readonly parked = new Set<Exchange>();
  /** Of those, the ones that are answered in this turn, with data or without. */
  readonly due = new Set<Exchange>();
  private readonly exchanges = new Map<number, Exchange>();
  private readonly onForgotten: (exchange: Exchange) => void;

  constructor(onForgotten: (exchange: Exchange) => void) {
    this.onForgotten = onForgotten;
  }

  get size(): number {
    return this.exchanges.size;
  }

  /** No answer is still being sent. */
  get isWritten(): boolean {
    for (const exchange of this.exchanges.values()) if (!exchange.isWritten) return false;
    return true;
  }

  has(number: number): boolean {
    return this.exchanges.has(number);
  }

  add(number: number, exchange: Exchange): void {
    this.exchanges.set(number, exchange);
  }

  /** It has an answer of `bytes` now. */
  answered(exchange: Exchange, bytes: number): void {
    if (this.exchanges.get(exchange.poll.request) === exchange) this.unconfirmed += bytes;
  }

  unpark(exchange: Exchange): void {
    this.parked.delete(exchange);
    this.due.delete(exchange);
  }

  /** `SEEN` of each. */
  seen(numbers: readonly number[]): number[] {
    return numbers.map((number) => {
      const other = this.exchanges.get(number);
      if (other === undefined) return SEEN.missing;
      return other.answer === undefined ? SEEN.held : SEEN.answered;
    });
  }

  /**
   * Applies what a POLL says about earlier requests. Each statement stays true for ever, so order does not matter.
   * Returns the records that did not arrive, and the requests over which nobody is to wait any more.
   */
  confirm(poll: Poll): { lost: CarrierRecord[]; over: Exchange[] } {
    const open = new Set(poll.open);
    const given = new Set(poll.lost);
    const lost: CarrierRecord[] = [];
    const over: Exchange[] = [];
    for (const [number, exchange] of this.exchanges) {
      const isLost = given.has(number);
      if (number >= poll.request || (open.has(number) && !isLost)) continue;
      const { answer, stream } = exchange;
      if (isLost) {
        // A connection that stands still holds them as well: that use of their memory never ends.
        if (!exchange.isWritten) for (const record of answer?.records ?? []) record.handedOver();
        lost.push(...(answer?.records ?? []), ...(stream?.takeLost() ?? []));
      } else if (answer !== undefined && exchange.isWritten)
        for (const record of answer.records) record.written();
      this.exchanges.delete(number);
      this.unpark(exchange);
      this.unconfirmed -= answer?.bytes ?? 0;
      over.push(exchange);
    }
    return { lost, over };
  }

  forget(exchange: Exchange): void {
    exchange.drop();
    this.onForgotten(exchange);
  }

  /** `cut`: those that wait learn of it. Otherwise answers on their way still arrive. */
  clear(cut: boolean): void {
    this.parked.clear();
    this.due.clear();
    for (const exchange of [...this.exchanges.values()]) {
      exchange.stream?.end();
      if (cut || !exchange.complete) exchange.drop();
      this.onForgotten(exchange);
    }
    this.exchanges.clear();
  }
}
