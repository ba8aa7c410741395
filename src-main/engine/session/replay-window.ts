/** How far behind the newest number a control record may arrive. HTTP lanes reorder; 1,024 is far beyond them. */
const WINDOW = 1024;

/** Sliding window over the numbers of control records (as RFC 4303 §3.4.3): each is accepted once. */
export class ReplayWindow {
  private top = -1;
  private readonly seen = new Uint8Array(WINDOW);

  /** Whether `seq` would be accepted. */
  fresh(seq: number): boolean {
    if (seq > this.top) return true;
    return this.top - seq < WINDOW && this.seen[seq % WINDOW] === 0;
  }

  /** Call after the record verified. False = replayed or too old. */
  accept(seq: number): boolean {
    if (!this.fresh(seq)) return false;
    if (seq > this.top) {
      if (seq - this.top >= WINDOW) this.seen.fill(0);
      else for (let n = this.top + 1; n < seq; n++) this.seen[n % WINDOW] = 0;
      this.top = seq;
    }
    this.seen[seq % WINDOW] = 1;
    return true;
  }
}
