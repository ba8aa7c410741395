import type { Clock, Timer } from '../base/clock.ts';
import { CulvertError } from '../base/errors.ts';
import type { CarrierKind } from '../carrier/carrier.ts';
import type { Candidate } from './carry.ts';
import type { ForeignAnswer } from './server-answer.ts';

/** Why a try was in vain. */
export type TryFailure = { kind: 'answer'; answer: ForeignAnswer } | { kind: 'error'; error: CulvertError };
export type TryResult<T> = { kind: 'passed'; value: T } | TryFailure;
export type Failures = ReadonlyMap<CarrierKind, TryFailure>;

/** Starts one try, the `nth` of the round from 0. `done` is called once, never from within, and not after a cancel. */
export type StartTry<T> = (
  candidate: Candidate,
  nth: number,
  done: (result: TryResult<T>) => void,
) => { cancel(): void };

export type RoundOutcome<T> =
  | { kind: 'won'; candidate: Candidate; value: T; failures: Failures }
  | { kind: 'lost'; failures: Failures };

/** How a loss that is fresh is met: what the network swallowed is not waited for. */
export interface Insistence {
  /** When the carrier was lost, and when no new try is made any more, on the monotonic clock. */
  sinceMs: number;
  untilMs: number;
  /** The round ends this much after `untilMs`. */
  graceMs: number;
  /** From a failure to the next try, ms, */
  gapMs: number;
  /** ... and from a try without an outcome to one beside it. Both grow to this share of the time since the loss. */
  overlapMs: number;
  share: number;
  /**
   * Tries of one candidate at a time; the oldest goes, but for the first, which has the time that a path slower than
   * expected needs.
   */
  most: number;
}

export interface RoundOptions<T> {
  /** In the order in which they start; at least one. */
  candidates: readonly Candidate[];
  clock: Clock;
  start: StartTry<T>;
  insist?: Insistence;
  onDone: (outcome: RoundOutcome<T>) => void;
}

interface Running {
  cancel(): void;
}

interface Line {
  readonly candidate: Candidate;
  /** The oldest first. */
  running: Running[];
  first: Running | undefined;
  over: boolean;
  readonly timers: Set<Timer>;
}

/**
 * Tries candidates in the manner of happy eyeballs (RFC 8305): the next one starts beside those before it after a
 * head start, or as soon as one has failed; the first that passes wins, and the rest is cancelled.
 */
export class Round<T> {
  /** Tries started. */
  tries = 0;
  private readonly options: RoundOptions<T>;
  private readonly lines: Line[];
  private readonly failures = new Map<CarrierKind, TryFailure>();
  private opened = 0;
  private headStart: Timer | undefined;
  private deadline: Timer | undefined;
  private done = false;

  constructor(options: RoundOptions<T>) {
    this.options = options;
    this.lines = options.candidates.map((candidate) => ({
      candidate,
      running: [],
      first: undefined,
      over: false,
      timers: new Set(),
    }));
  }

  get isDone(): boolean {
    return this.done;
  }

  start(): void {
    const { insist, clock } = this.options;
    if (insist !== undefined) {
      const left = Math.max(0, insist.untilMs + insist.graceMs - clock.now());
      this.deadline = clock.after(left, () => this.lose());
    }
    this.openNext();
  }

  /** Gives up; `onDone` is not called. */
  cancel(): void {
    if (this.done) return;
    this.done = true;
    this.headStart?.cancel();
    this.deadline?.cancel();
    for (const line of this.lines) this.close(line);
  }

  private close(line: Line): void {
    line.over = true;
    for (const timer of line.timers) timer.cancel();
    for (const running of line.running.splice(0)) running.cancel();
  }

  private openNext(): void {
    this.headStart?.cancel();
    const line = this.lines[this.opened];
    if (line === undefined || this.done) return;
    this.opened++;
    this.launch(line);
    if (this.opened < this.lines.length)
      this.headStart = this.options.clock.after(line.candidate.headStartMs, () => this.openNext());
  }

  private launch(line: Line): void {
    const { insist, start } = this.options;
    const running: Running = start(line.candidate, this.tries++, (result) =>
      this.settled(line, running, result),
    );
    line.running.push(running);
    line.first ??= running;
    if (insist === undefined) return;
    if (line.running.length > insist.most) this.dropOldest(line);
    this.later(line, this.spacing(insist, insist.overlapMs), () => {
      if (line.running.includes(running)) this.launchAgain(line);
    });
  }

  private spacing({ sinceMs, share }: Insistence, shortest: number): number {
    return Math.max(shortest, (this.options.clock.now() - sinceMs) * share);
  }

  private dropOldest(line: Line): void {
    const at = line.running[0] === line.first ? 1 : 0;
    for (const running of line.running.splice(at, 1)) running.cancel();
  }

  private launchAgain(line: Line): void {
    const { insist, clock } = this.options;
    if (!line.over && insist !== undefined && clock.now() < insist.untilMs) this.launch(line);
  }

  private later(line: Line, ms: number, fn: () => void): void {
    const timer = this.options.clock.after(ms, () => {
      line.timers.delete(timer);
      fn();
    });
    line.timers.add(timer);
  }

  private settled(line: Line, running: Running, result: TryResult<T>): void {
    if (this.done || !line.running.includes(running)) return;
    line.running.splice(line.running.indexOf(running), 1);
    if (result.kind === 'passed') {
      this.cancel();
      const { candidate } = line;
      this.options.onDone({ kind: 'won', candidate, value: result.value, failures: this.failures });
      return;
    }
    this.failures.set(line.candidate.kind, result);
    const { insist, clock } = this.options;
    if (result.kind === 'answer') this.close(line);
    else if (insist !== undefined && clock.now() + insist.gapMs < insist.untilMs) {
      const gap = this.spacing(insist, insist.gapMs);
      this.later(line, gap, () => line.running.length < insist.most && this.launchAgain(line));
    } else if (line.running.length === 0) line.over = true;
    this.openNext();
    if (this.opened === this.lines.length && this.lines.every(({ over }) => over)) this.lose();
  }

  private lose(): void {
    if (this.done) return;
    for (const { candidate } of this.lines) {
      if (this.failures.has(candidate.kind)) continue;
      const error = new CulvertError('ERR_SERVER_TIMEOUT', `${candidate.name}: no answer`);
      this.failures.set(candidate.kind, { kind: 'error', error });
    }
    this.cancel();
    this.options.onDone({ kind: 'lost', failures: this.failures });
  }
}
