import type { Clock } from '../base/clock.ts';
import type { DatagramFailure } from '../pump/datagram-pump.ts';
import { failureOf, isLookupName } from './outbound-failure.ts';

/** All addresses of a name, in the order to try. Rejects as `dns.lookup` does. */
export type Lookup = (name: string) => Promise<readonly string[]>;

export type NameResult = { address: string } | { failure: DatagramFailure };

/** How long an answer is believed, ms. */
const LIFETIME_MS = 60_000;
/** Names one association may look up at a time: the process has few threads for it. */
const MAX_PENDING = 16;

export interface UdpNamesOptions {
  lookup: Lookup;
  clock: Clock;
  /** Answers kept; the oldest makes room. */
  maxNames: number;
}

/** The names that one association sends to, so that not every datagram costs a lookup. */
export class UdpNames {
  private readonly options: UdpNamesOptions;
  private readonly known = new Map<string, { result: NameResult; at: number }>();
  private readonly pending = new Set<string>();

  constructor(options: UdpNamesOptions) {
    this.options = options;
  }

  /** What is known now; undefined while it has to be looked up first. */
  get(name: string): NameResult | undefined {
    const entry = this.known.get(name);
    if (entry === undefined || this.options.clock.now() - entry.at > LIFETIME_MS) return undefined;
    return entry.result;
  }

  /**
   * Looks a name up that `get` does not know, and calls `done` then. False when that is under way already; a name
   * that cannot be looked up is done at once.
   */
  find(name: string, done: (result: NameResult) => void): boolean {
    if (this.pending.has(name)) return false;
    if (!isLookupName(name)) done({ failure: 'nameNotFound' });
    else if (this.pending.size >= MAX_PENDING) done({ failure: 'limit' });
    else void this.ask(name, done);
    return true;
  }

  private async ask(name: string, done: (result: NameResult) => void): Promise<void> {
    this.pending.add(name);
    let result: NameResult;
    try {
      const [address] = await this.options.lookup(name);
      result = address === undefined ? { failure: 'nameNotFound' } : { address };
    } catch (error) {
      result = { failure: error instanceof Error ? failureOf(error) : 'internal' };
    }
    this.pending.delete(name);
    this.known.delete(name);
    this.known.set(name, { result, at: this.options.clock.now() });
    if (this.known.size > this.options.maxNames) {
      for (const oldest of this.known.keys()) {
        this.known.delete(oldest);
        break;
      }
    }
    done(result);
  }
}
