const RTO_START_MS = 200;
const RTO_MIN_MS = 100;
const RTO_MIN_NO_DELAY_MS = 30;
const RTO_MAX_MS = 60_000;

/** The retransmission timeout of `ikcp_update_ack`: RFC 6298 in whole milliseconds, with its own bounds. */
export class RttEstimator {
  rto = RTO_START_MS;
  private smoothed = 0;
  private variation = 0;
  private readonly interval: number;
  private readonly least: number;

  constructor(mode: { noDelay: number; interval: number }) {
    this.interval = mode.interval;
    this.least = mode.noDelay === 0 ? RTO_MIN_MS : RTO_MIN_NO_DELAY_MS;
  }

  sample(rtt: number): void {
    if (this.smoothed === 0) {
      this.smoothed = rtt;
      this.variation = Math.trunc(rtt / 2);
    } else {
      const difference = Math.abs(rtt - this.smoothed);
      this.variation = Math.trunc((((3 * this.variation) | 0) + difference) / 4) | 0;
      this.smoothed = Math.max(1, Math.trunc(((7 * this.smoothed + rtt) | 0) / 8));
    }
    const rto = (this.smoothed + Math.max(this.interval, (4 * this.variation) >>> 0)) >>> 0;
    this.rto = Math.min(Math.max(this.least, rto), RTO_MAX_MS);
  }
}
