import { MAX_RECORD_PLAIN } from '../crypto/record.ts';
import { type AckState, MAX_ACK_RANGES } from '../wire/control.ts';
import { MAX_RECORDS_AHEAD, readEarly } from '../wire/early.ts';

/** Early records that wait for others they follow. Further ones are delivered in order, like ordinary ones. */
const MAX_EARLY_WAITING = 1024;

interface Held {
  /** Undefined: it was delivered already. */
  pieces: Buffer[] | undefined;
  readonly length: number;
  /** Of an early one: what it follows. */
  readonly follows: readonly number[] | undefined;
}

/**
 * Puts reliable records back in order. Duplicates are dropped; records ahead of a gap are held up to a cap, but for
 * early ones, which are delivered as soon as those that they follow are.
 */
export class ReceiveOrder {
  /** Number of the next record to deliver. */
  next = 0;
  heldBytes = 0;
  /** Records delivered ahead of others, ever. */
  earlyCount = 0;
  private readonly cap: number;
  private readonly held = new Map<number, Held>();
  private readonly waiting = new Set<number>();

  constructor(capBytes: number) {
    this.cap = capBytes;
  }

  /** For a peer that was told that `bytes` fit: while there is room for one of them, it sends a whole record. */
  static forBuffer(bytes: number): ReceiveOrder {
    return new ReceiveOrder(bytes + MAX_RECORD_PLAIN);
  }

  /** `full`: the peer sent more than it was told it may. */
  check(seq: number, length: number): 'new' | 'duplicate' | 'full' {
    if (seq < this.next || this.held.has(seq)) return 'duplicate';
    if (seq !== this.next && (this.heldBytes + length > this.cap || seq - this.next > MAX_RECORDS_AHEAD))
      return 'full';
    return 'new';
  }

  /** Takes a verified record and hands on all that may be delivered now. Throws ERR_FRAME. */
  put(seq: number, pieces: Buffer[], deliver: (pieces: Buffer[]) => void): void {
    if (seq !== this.next) {
      if (seq > this.next && !this.held.has(seq)) this.putAhead(seq, pieces, deliver);
      return;
    }
    this.next++;
    deliver(pieces);
    if (this.held.size === 0) return;
    this.deliverHeld(deliver);
    this.deliverEarly(deliver);
  }

  private deliverHeld(deliver: (pieces: Buffer[]) => void): void {
    for (let held = this.held.get(this.next); held !== undefined; held = this.held.get(this.next)) {
      this.held.delete(this.next);
      this.waiting.delete(this.next);
      this.next++;
      if (held.pieces === undefined) continue;
      this.heldBytes -= held.length;
      deliver(held.pieces);
    }
  }

  private putAhead(seq: number, pieces: Buffer[], deliver: (pieces: Buffer[]) => void): void {
    const follows = readEarly(seq, pieces);
    if (follows?.every((each) => this.isDelivered(each))) {
      this.held.set(seq, { pieces: undefined, length: 0, follows });
      this.earlyCount++;
      deliver(pieces);
      this.deliverEarly(deliver);
      return;
    }
    let length = 0;
    for (const piece of pieces) length += piece.length;
    this.held.set(seq, { pieces, length, follows });
    this.heldBytes += length;
    if (follows !== undefined && this.waiting.size < MAX_EARLY_WAITING) this.waiting.add(seq);
  }

  /** Those early ones that waited for what has been delivered since, in order of number. */
  private deliverEarly(deliver: (pieces: Buffer[]) => void): void {
    if (this.waiting.size === 0) return;
    // A record follows earlier ones only, so that one pass in order finds all.
    for (const seq of [...this.waiting].sort((a, b) => a - b)) {
      const held = this.held.get(seq);
      if (held?.pieces === undefined || !held.follows?.every((each) => this.isDelivered(each))) continue;
      const { pieces } = held;
      held.pieces = undefined;
      this.waiting.delete(seq);
      this.heldBytes -= held.length;
      this.earlyCount++;
      deliver(pieces);
    }
  }

  private isDelivered(seq: number): boolean {
    if (seq < this.next) return true;
    const held = this.held.get(seq);
    return held !== undefined && held.pieces === undefined;
  }

  /** What an ACK says. */
  state(): AckState {
    if (this.held.size === 0) return { next: this.next, ranges: [] };
    const numbers = [...this.held.keys()].sort((a, b) => a - b);
    const ranges: [number, number][] = [];
    for (const seq of numbers) {
      const last = ranges[ranges.length - 1];
      if (last !== undefined && last[1] === seq) last[1] = seq + 1;
      else if (ranges.length === MAX_ACK_RANGES) break;
      else ranges.push([seq, seq + 1]);
    }
    return { next: this.next, ranges };
  }
}
