/** The log as the page keeps it: a capped list, filtered in slices so short that typing and scrolling go on. */
import { MAX_LOG_LINES } from '../../src-shared/limits.ts';
import { type LogEvent, type LogFilter, type LogLine, logMatcher } from '../../src-shared/logs.ts';

/** Cut in blocks, so that a full log does not move a hundred thousand entries for each new line. */
const CUT = 5_000;
/** Of one slice: far below a frame. The clock is read once per step. */
const SLICE_MS = 6;
const STEP = 500;

export interface Turns {
  readonly now: () => number;
  /** Runs something after what waits to be done, such as a key that was pressed. */
  readonly later: (run: () => void) => void;
}
const BROWSER: Turns = { now: () => performance.now(), later: (run) => setTimeout(run, 0) };

export class LogList {
  private lines: LogLine[] = [];
  private matches: (line: LogLine) => boolean;
  private filter: string;
  /** How many of the lines the running search has looked at; undefined: none runs. */
  private searched: number | undefined;
  private found: LogLine[] = [];
  /** What the filter lets through; a new array whenever it changed. Until a search is over, that of the one before. */
  shown: readonly LogLine[] = [];
  private readonly changed: () => void;
  private readonly turns: Turns;

  constructor(filter: LogFilter, changed: () => void, turns: Turns = BROWSER) {
    this.matches = logMatcher(filter);
    this.filter = JSON.stringify(filter);
    this.changed = changed;
    this.turns = turns;
  }

  get total(): number {
    return this.lines.length;
  }

  take(event: LogEvent): void {
    if (event.kind === 'cleared') {
      this.lines = [];
      this.shown = [];
      if (this.searched !== undefined) this.begin();
      this.changed();
      return;
    }
    // A stream that is opened again begins with lines that are here already.
    const last = this.lines.at(-1)?.seq ?? -1;
    const fresh = event.lines.filter((line) => line.seq > last);
    if (fresh.length === 0) return;
    for (const line of fresh) this.lines.push(line);
    if (this.lines.length > MAX_LOG_LINES + CUT) {
      this.lines = this.lines.slice(-MAX_LOG_LINES);
      const first = this.lines[0].seq;
      this.shown = this.shown.filter((line) => line.seq >= first);
      if (this.searched !== undefined) this.begin();
    }
    // A search that runs comes to them by itself.
    if (this.searched === undefined) {
      const more = fresh.filter(this.matches);
      if (more.length > 0) this.shown = this.shown.concat(more);
    }
    this.changed();
  }

  setFilter(filter: LogFilter): void {
    const text = JSON.stringify(filter);
    if (text === this.filter) return;
    this.filter = text;
    this.matches = logMatcher(filter);
    this.begin();
  }

  private begin(): void {
    const waiting = this.searched !== undefined;
    this.searched = 0;
    this.found = [];
    if (!waiting) this.turns.later(() => this.search());
  }

  private search(): void {
    const end = this.turns.now() + SLICE_MS;
    let at = this.searched ?? 0;
    while (at < this.lines.length && this.turns.now() < end) {
      const stop = Math.min(at + STEP, this.lines.length);
      for (; at < stop; at++) if (this.matches(this.lines[at])) this.found.push(this.lines[at]);
    }
    this.searched = at;
    if (at < this.lines.length) return this.turns.later(() => this.search());
    this.searched = undefined;
    this.shown = this.found;
    this.found = [];
    this.changed();
  }
}
