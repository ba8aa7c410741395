import type { Undo } from '../../src-shared/contract-base.ts';
import { UNDO_MS } from '../../src-shared/limits.ts';
import { HostError } from './failures.ts';
import { newId } from './ids.ts';

/** Things that can be undone at a time; the oldest is given up for a new one. */
const MAX_UNDOS = 50;

interface Entry {
  readonly until: number;
  readonly run: () => Promise<void>;
  readonly timer: NodeJS.Timeout;
}

/** What was removed or replaced, and how to put it back, for a while. It is in memory alone: secrets may be in it. */
export class UndoBook {
  private readonly entries = new Map<string, Entry>();

  add(run: () => Promise<void>): Undo {
    const [oldest] = this.entries.keys();
    if (this.entries.size >= MAX_UNDOS) this.drop(oldest);
    const token = newId();
    const until = Date.now() + UNDO_MS;
    const timer = setTimeout(() => this.drop(token), UNDO_MS).unref();
    this.entries.set(token, { until, run, timer });
    return { token, until };
  }

  /** ERR_EXPIRED when its time is over or it was used. */
  async run(token: string): Promise<void> {
    const entry = this.entries.get(token);
    if (entry === undefined || entry.until < Date.now()) {
      throw new HostError('ERR_EXPIRED', 'the time to undo it is over');
    }
    this.drop(token);
    await entry.run();
  }

  clear(): void {
    for (const token of [...this.entries.keys()]) this.drop(token);
  }

  private drop(token: string): void {
    clearTimeout(this.entries.get(token)?.timer);
    this.entries.delete(token);
  }
}
