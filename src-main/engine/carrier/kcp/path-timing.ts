const MAX_PTO_MS = 1000;
/** Before anything was measured. */
const FIRST_PTO_MS = 400;
const FIRST_PATIENCE_MS = 200;
/** The peer may wait with an acknowledgement for this long, timers are late by as much. */
const ACK_SLACK_MS = 10;

/** What round trips say of when to expect an answer (RFC 9002 §5.3, §6.2); ms. */
export class PathTiming {
  smoothed: number | undefined;
  /** Timeouts in a row. */
  timeouts = 0;
  private variation = 0;
  private latest = 0;

  sample(rtt: number): void {
    this.latest = rtt;
    if (this.smoothed === undefined) {
      this.smoothed = rtt;
      this.variation = rtt / 2;
    } else {
      this.variation += (Math.abs(this.smoothed - rtt) - this.variation) / 4;
      this.smoothed += (rtt - this.smoothed) / 8;
    }
  }

  /** How old a datagram must be, at least, to count as lost when a later one arrived. */
  get patience(): number {
    return Math.max(this.smoothed ?? FIRST_PATIENCE_MS, this.latest);
  }

  /** Silence after which something is sent to draw an answer; it doubles with every timeout. */
  get ptoMs(): number {
    const { smoothed } = this;
    const first =
      smoothed === undefined
        ? FIRST_PTO_MS
        : smoothed + Math.max(4 * this.variation, ACK_SLACK_MS) + ACK_SLACK_MS;
    return Math.min(Math.max(MAX_PTO_MS, first), first * 2 ** Math.min(this.timeouts, 10));
  }
}
