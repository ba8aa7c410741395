import { type AckState, MAX_ACK_RANGES } from '../wire/control.ts';

/** Records ahead of the next one that may be held, whatever their size: the ledger of them is bounded too. */
const MAX_AHEAD = 65_536;

/** Puts reliable records back in order. Duplicates are dropped; records ahead of a gap are held up to a cap. */
export class ReceiveOrder {
  /** Number of the next record to deliver. */
  next = 0;
  heldBytes = 0;
  private readonly cap: number;
  private readonly held = new Map<number, { pieces: Buffer[]; length: number }>();

  constructor(capBytes: number) {
    this.cap = capBytes;
  }

  /** `full`: the peer sent more than it was told it may. */
  check(seq: number, length: number): 'new' | 'duplicate' | 'full' {
    if (seq < this.next || this.held.has(seq)) return 'duplicate';
    if (seq !== this.next && (this.heldBytes + length > this.cap || seq - this.next > MAX_AHEAD))
      return 'full';
    return 'new';
  }

  /** Takes a verified record and hands on all that is now in order. */
  put(seq: number, pieces: Buffer[], deliver: (pieces: Buffer[]) => void): void {
    if (seq !== this.next) {
      if (seq < this.next || this.held.has(seq)) return;
      let length = 0;
      for (const piece of pieces) length += piece.length;
      this.held.set(seq, { pieces, length });
      this.heldBytes += length;
      return;
    }
    this.next++;
    deliver(pieces);
    for (let held = this.held.get(this.next); held !== undefined; held = this.held.get(this.next)) {
      this.held.delete(this.next);
      this.heldBytes -= held.length;
      this.next++;
      deliver(held.pieces);
    }
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
