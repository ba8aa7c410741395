import { CheckedConnection } from './connection.ts';
import { LatencyHistogram } from './histogram.ts';
import { type ClientCounters, NO_CLIENT_COUNTERS } from './status.ts';

/** Connections being opened at once: more would overflow the listen queue of a small target. */
const OPENING_AT_ONCE = 64;

/**
 * Sending begins when every connection is open, or after this time: those that are open would starve the others'
 * handshakes, and the load would not be what was asked for.
 */
const OPENING_TIME_MS = 5000;

/**
 * Messages on their way at once on each connection; fewer where all together would be more than `IN_FLIGHT`
 * messages (beyond which they only wait in queues, and the status with them) or `IN_FLIGHT_BYTES`.
 */
const WINDOW = 16;
const IN_FLIGHT = 2000;
const IN_FLIGHT_BYTES = 256 * 1024 * 1024;

/** How long echoes may take after the last message was sent. */
const DRAIN_TIMEOUT_MS = 15_000;

/** Problems kept as text; the rest are only counted. */
const PROBLEMS_KEPT = 5;

export interface LoadOptions {
  readonly url: string;
  readonly conns: number;
  readonly msgs: number;
  readonly size: number;
}

/** Messages that may be on their way at once on each of `conns` connections. */
export function windowFor(conns: number, size: number): number {
  const together = Math.min(IN_FLIGHT, Math.floor(IN_FLIGHT_BYTES / size));
  return Math.max(1, Math.min(WINDOW, Math.floor(together / conns)));
}

/** All connections of one run. */
export class Load {
  readonly counters: ClientCounters = { ...NO_CLIENT_COUNTERS };
  readonly latency = new LatencyHistogram();
  readonly problems: string[] = [];
  private readonly options: LoadOptions;
  private readonly open = new Set<CheckedConnection>();
  private ended = false;
  private begun = false;

  constructor(options: LoadOptions) {
    this.options = options;
  }

  /** Opens every connection and resolves when all are over. Never rejects. */
  async run(): Promise<void> {
    let next = 0;
    const all: Array<Promise<void>> = [];
    const opener = async (): Promise<void> => {
      while (next < this.options.conns && !this.ended) {
        const connection = this.start(next++);
        all.push(connection.over);
        await connection.openedOrOver;
      }
    };
    const timer = setTimeout(() => this.begin(), OPENING_TIME_MS);
    await Promise.all(Array.from({ length: OPENING_AT_ONCE }, opener));
    clearTimeout(timer);
    this.begin();
    await Promise.all(all);
  }

  /** Time is up: sends no more, waits for what is owed up to a deadline, then counts the rest as lost. */
  async finish(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    const neverTried = this.options.conns - this.counters.total;
    if (neverTried > 0) {
      this.counters.failed += neverTried;
      this.note(`${neverTried} connections were not tried when the time was up`);
    }
    const left = [...this.open];
    for (const connection of left) connection.finish();
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, DRAIN_TIMEOUT_MS);
    });
    await Promise.race([deadline, Promise.all(left.map((connection) => connection.over))]);
    clearTimeout(timer);
    for (const connection of this.open) connection.giveUp();
  }

  /** Ends at once, counting nothing more. */
  abandon(): void {
    this.ended = true;
    for (const connection of this.open) connection.abandon();
  }

  private begin(): void {
    this.begun = true;
    for (const connection of this.open) connection.begin();
  }

  private note(text: string): void {
    if (this.problems.length < PROBLEMS_KEPT) this.problems.push(text);
  }

  private start(id: number): CheckedConnection {
    const { url, conns, msgs, size } = this.options;
    const connection = new CheckedConnection({
      url,
      id,
      messages: msgs,
      size,
      window: windowFor(conns, size),
      counters: this.counters,
      latency: this.latency,
      problem: (text) => this.note(text),
    });
    this.open.add(connection);
    if (this.begun) connection.begin();
    void connection.over.then(() => this.open.delete(connection));
    return connection;
  }
}
