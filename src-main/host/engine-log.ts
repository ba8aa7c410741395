import type { LogLevel } from '../../src-shared/settings.ts';
import { type LogEntry, Logger } from '../engine/index.ts';
import type { EngineLogLine } from './engine-messages.ts';

/** Lines leave in batches of so many at most, and no more often than this, ms. */
const BATCH = 500;
const PERIOD_MS = 50;
/** Lines that wait to leave; further ones are counted and dropped. */
const MAX_WAITING = 2_000;
const MAX_TEXT = 4_096;

/** Gathers the log lines of the engine's thread. The level can change while it runs. */
export class EngineLog {
  level: LogLevel = 'info';
  private readonly send: (lines: EngineLogLine[], dropped: number) => void;
  private waiting: EngineLogLine[] = [];
  private dropped = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(send: (lines: EngineLogLine[], dropped: number) => void) {
    this.send = send;
  }

  logger(scope: string, profileId: string | null): Logger {
    // The engine is asked for all that any level may want; what this level does not is dropped before it is built.
    return new LevelLogger(scope, this, (entry) => this.take(entry, profileId));
  }

  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.waiting.length === 0 && this.dropped === 0) return;
    this.send(this.waiting.splice(0, BATCH), this.dropped);
    this.dropped = 0;
    if (this.waiting.length > 0) this.wake();
  }

  private take({ time, level, scope, text }: LogEntry, profileId: string | null): void {
    if (this.waiting.length >= MAX_WAITING) {
      this.dropped++;
      return;
    }
    this.waiting.push({
      at: time,
      level,
      scope: scope.slice(0, 64),
      profileId,
      text: text.slice(0, MAX_TEXT),
    });
    this.wake();
  }

  private wake(): void {
    this.timer ??= setTimeout(() => this.flush(), PERIOD_MS);
  }
}

/** A logger that goes by a level that may change, its children too. */
class LevelLogger extends Logger {
  private readonly owner: EngineLog;
  private readonly take: (entry: LogEntry) => void;

  constructor(scope: string, owner: EngineLog, put: (entry: LogEntry) => void) {
    super(scope, 'trace', put);
    this.owner = owner;
    this.take = put;
  }

  override child(scope: string): Logger {
    return new LevelLogger(scope, this.owner, this.take);
  }

  override on(level: Parameters<Logger['on']>[0]): boolean {
    const order = ['silent', 'error', 'warn', 'info', 'debug', 'trace'];
    return order.indexOf(level) <= order.indexOf(this.owner.level);
  }
}
