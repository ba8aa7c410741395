/** Between two lines that say the same, ms. */
const EVERY_MS = 10_000;

/**
 * Keeps a log readable, and its disk from filling, where what is told may happen any number of times: a stranger's
 * connection, a program that goes on sending.
 */
export class Seldom {
  private readonly now: () => number;
  private readonly said = new Map<string, number>();

  /** `now`: monotonic, ms. */
  constructor(now: () => number) {
    this.now = now;
  }

  /** Whether `what` may be said now. It is one of few, such as an error's code: each is remembered. */
  may(what: string): boolean {
    const now = this.now();
    const last = this.said.get(what);
    if (last !== undefined && now - last < EVERY_MS) return false;
    this.said.set(what, now);
    return true;
  }
}
