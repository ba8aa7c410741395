import type { Clock, Timer } from '../base/clock.ts';

/** Decides when received records are acknowledged: after enough bytes, or soon after the first. */
export class AckScheduler {
  private readonly limits: { ackBytes: number; ackDelayMs: number };
  private readonly clock: Clock;
  private readonly send: () => void;
  private readonly atTurnsEnd: () => void;
  private timer: Timer | undefined;
  private bytes = 0;

  /**
   * `send` sends an ACK, for which it calls `taken`; without a carrier it does nothing. `atTurnsEnd` asks to have it
   * sent at the end of this turn if it `isDue` then: what the turn makes to be sent, credit above all, takes the ACK along.
   */
  constructor(
    limits: { ackBytes: number; ackDelayMs: number },
    clock: Clock,
    send: () => void,
    atTurnsEnd: () => void,
  ) {
    this.atTurnsEnd = atTurnsEnd;
    this.limits = limits;
    this.clock = clock;
    this.send = send;
  }

  /** Half of what makes an ACK due is there: it may leave with something else. */
  get nearlyDue(): boolean {
    return this.bytes * 2 >= this.limits.ackBytes;
  }

  get isDue(): boolean {
    return this.bytes >= this.limits.ackBytes;
  }

  /** A record of `bytes` came, new or not: a duplicate means that the peer lacks an ACK. */
  received(bytes: number): void {
    this.bytes += bytes + 1;
    if (this.isDue) this.atTurnsEnd();
    else
      this.timer ??= this.clock.after(this.limits.ackDelayMs, () => {
        this.timer = undefined;
        this.send();
      });
  }

  /** An ACK leaves now. */
  taken(): void {
    this.bytes = 0;
    this.timer?.cancel();
    this.timer = undefined;
  }

  stop(): void {
    this.taken();
  }
}
