/** What may leave at once after a pause, ms of the rate: a busy event loop is late by about as much. */
const BURST_MS = 10;
const LEAST_BURST = 10;

/** Spends bytes at a rate: a bucket that fills with time and may be overdrawn by one datagram. */
export class Pacer {
  private budget = 0;
  private filledAt = Number.NEGATIVE_INFINITY;

  /** `rate` in bytes per ms. */
  advance(rate: number, now: number, mtu: number): void {
    const most = Math.max(LEAST_BURST * mtu, rate * BURST_MS);
    const passed = Math.min(now - this.filledAt, 1000);
    this.budget = Math.min(most, this.budget + passed * rate);
    this.filledAt = now;
  }

  get open(): boolean {
    return this.budget > 0;
  }

  /** Bytes that left ahead of their time. */
  get debt(): number {
    return Math.max(0, -this.budget);
  }

  opensAt(rate: number, now: number): number {
    return now + (rate > 0 ? Math.max(0, -this.budget) / rate : 0);
  }

  spend(bytes: number): void {
    this.budget -= bytes;
  }
}
