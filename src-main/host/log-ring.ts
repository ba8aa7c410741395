import type { ErrorCode } from '../../src-shared/errors.ts';
import { MAX_EXPORT_CHUNK, MAX_LOG_BATCH, MAX_LOG_LINES, MAX_LOG_TEXT } from '../../src-shared/limits.ts';
import {
  type LogEvent,
  type LogFilter,
  type LogLine,
  logMatcher,
  printLogLine,
} from '../../src-shared/logs.ts';
import { LOG_LEVELS, type LogLevel } from '../../src-shared/settings.ts';
import { paced, type Reader } from './pacing.ts';

/** Cap of the texts, bytes; what a line costs beside its text is counted as 120. */
const MAX_BYTES = 32 << 20;
const LINE_BYTES = 120;
const MAX_SCOPE = 64;
/** How often a reader gets news, per second. */
const HZ = 10;

export interface NewLine {
  readonly at: number;
  readonly level: LogLevel;
  readonly scope: string;
  readonly profileId: string | null;
  readonly code: ErrorCode | null;
  readonly text: string;
}

/** The newest log lines, at most 100,000 and 32 MiB of them. */
export class LogRing {
  /** From `head` on; what is before it is gone. Cut when half of it is. */
  private lines: LogLine[] = [];
  private head = 0;
  private bytes = 0;
  private nextSeq = 0;
  private clears = 0;

  add({ at, level, scope, profileId, code, text }: NewLine): void {
    const line: LogLine = {
      seq: this.nextSeq++,
      at,
      level,
      scope: scope.slice(0, MAX_SCOPE),
      profileId,
      code,
      text: text.slice(0, MAX_LOG_TEXT),
    };
    this.lines.push(line);
    this.bytes += size(line);
    while (this.lines.length - this.head > MAX_LOG_LINES || this.bytes > MAX_BYTES) {
      this.bytes -= size(this.lines[this.head]);
      this.head++;
    }
    if (this.head > this.lines.length / 2) {
      this.lines = this.lines.slice(this.head);
      this.head = 0;
    }
  }

  get length(): number {
    return this.lines.length - this.head;
  }

  clear(): void {
    this.lines = [];
    this.head = 0;
    this.bytes = 0;
    this.clears++;
  }

  /** The tail in batches, then what comes. Lines that were dropped before a slow reader had them are missing for it. */
  async *watch(level: LogLevel, tail: number, reader: Reader): AsyncGenerator<LogEvent> {
    const wanted = new Set<LogLevel>(LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(level) + 1));
    let { clears } = this;
    const until = this.nextSeq;
    let next = this.tailSeq(wanted, tail);
    let live = false;
    for await (const _ of paced(HZ, reader, () => {})) {
      if (clears !== this.clears) {
        clears = this.clears;
        yield { kind: 'cleared' };
      }
      do {
        const lines = this.batch(next, wanted);
        next = lines.next;
        const over = next >= until;
        if (lines.lines.length > 0 || over !== live) {
          yield { kind: 'lines', lines: lines.lines, live: over };
        }
        live = over;
        // What comes after a clear is told after it.
      } while (next < this.nextSeq && clears === this.clears && !reader.busy() && !reader.signal.aborted);
    }
  }

  /** As text, in pieces of at most MAX_EXPORT_CHUNK characters. */
  async *export(filter: LogFilter, redact: (text: string) => string): AsyncGenerator<{ text: string }> {
    const matches = logMatcher(filter);
    let text = '';
    for (const [index, line] of this.lines.slice(this.head).entries()) {
      // 100,000 lines are many turns of the loop: let others in between.
      if (index % 1_000 === 999) await new Promise((resolve) => setImmediate(resolve));
      if (!matches(line)) continue;
      const printed = `${redact(printLogLine(line))}\n`;
      if (text.length + printed.length > MAX_EXPORT_CHUNK) {
        yield { text };
        text = '';
      }
      text += printed.slice(0, MAX_EXPORT_CHUNK);
    }
    yield { text };
  }

  private tailSeq(wanted: ReadonlySet<LogLevel>, tail: number): number {
    let left = tail;
    for (let index = this.lines.length - 1; index >= this.head && left > 0; index--) {
      if (wanted.has(this.lines[index].level)) left--;
      if (left === 0) return this.lines[index].seq;
    }
    return tail === 0 ? this.nextSeq : (this.lines[this.head]?.seq ?? this.nextSeq);
  }

  private batch(from: number, wanted: ReadonlySet<LogLevel>): { lines: LogLine[]; next: number } {
    const first = this.lines[this.head]?.seq ?? this.nextSeq;
    const lines: LogLine[] = [];
    let index = this.head + Math.max(0, from - first);
    for (; index < this.lines.length && lines.length < MAX_LOG_BATCH; index++) {
      if (wanted.has(this.lines[index].level)) lines.push(this.lines[index]);
    }
    return { lines, next: this.lines[index]?.seq ?? this.nextSeq };
  }
}

function size({ text, scope }: LogLine): number {
  return 2 * (text.length + scope.length) + LINE_BYTES;
}
