import type { Clock, Timer } from '../base/clock.ts';
import { CulvertError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Carrier, CarrierKind } from '../carrier/carrier.ts';
import type { Session } from '../session/session.ts';
import type { Attached, Attacher } from './attacher.ts';
import type { CandidateBook } from './candidate-book.ts';
import type { Candidate } from './carry.ts';
import { insistence } from './insistence.ts';
import { type Failures, type Insistence, Round, type RoundOutcome } from './round.ts';
import { failureError } from './server-answer.ts';
import { unwanted } from './try-begin.ts';

export interface MoverOptions {
  server: string;
  session: Session;
  attacher: Attacher;
  book: CandidateBook;
  clock: Clock;
  log: Logger;
  /** How long a stall is met by tries at short intervals, ms. */
  insistMs: number;
  /** The session moves to `carrier` now. */
  onMove: (candidate: Candidate, carrier: Carrier, why: string) => void;
}

type Purpose = 'improve' | 'rescue' | 'relieve' | 'leave';

/** The carrier that is left stays this long, for what is still under way on it, ms. */
const LINGER_MS = 1_000;
/** Between two rounds of tries while the carrier in use stalls, ms. */
const RESCUE_GAP_MS = 500;
/** Between two tries of the transport that is wanted instead, ms. */
const LEAVE_GAP_MS = 5_000;
/** A slow path is left for one whose echo takes less than this share of its own. */
const MUCH_BETTER = 0.5;
/** An echo this long, and this many times as long as that of the carrier in use, is no improvement. */
const SLOW_MS = 1_000;
const SLOW_FACTOR = 5;
/** After a look for something faster, the next one waits, ms: load moves with the session. */
const SLOW_HOLD_MS = 60_000;

/**
 * Moves a session that has a carrier to another one, make before break: to a better one when there is one, and away
 * from one that stalls or is slow.
 */
export class Mover {
  private readonly options: MoverOptions;
  private used: { candidate: Candidate; carrier: Carrier } | undefined;
  private round: Round<Attached> | undefined;
  private purpose: Purpose | undefined;
  private due: Timer | undefined;
  private again: Timer | undefined;
  private linger: Timer | undefined;
  private left: Carrier | undefined;
  private relievedAt = Number.NEGATIVE_INFINITY;

  constructor(options: MoverOptions) {
    this.options = options;
  }

  /** `carrier` is in use. */
  use(candidate: Candidate, carrier: Carrier): void {
    this.cancel();
    this.used = { candidate, carrier };
    this.planImprovement();
  }

  /** No carrier is in use, or the session is over. */
  stop(): void {
    this.cancel();
    this.settleLeft();
    this.used = undefined;
  }

  private cancel(): void {
    this.due?.cancel();
    this.again?.cancel();
    this.round?.cancel();
    this.round = undefined;
    this.purpose = undefined;
  }

  /** When a better transport is due, it is tried beside the one in use. */
  planImprovement(): void {
    const { book, clock } = this.options;
    this.due?.cancel();
    if (this.used === undefined) return;
    const at = book.nextDue(this.used.candidate.kind);
    if (at !== undefined) this.due = clock.after(Math.max(0, at - clock.now()), () => this.improve());
  }

  private improve(): void {
    if (this.used === undefined || this.round !== undefined) return;
    const { book } = this.options;
    const better = book.betterThan(this.used.candidate.kind);
    if (better.length === 0) return this.planImprovement();
    this.start('improve', better, (outcome) => {
      this.mark(outcome.failures);
      if (outcome.kind === 'lost') return this.planImprovement();
      const { rttMs, carrier } = outcome.value;
      if (rttMs !== undefined && rttMs > this.tolerableMs) {
        book.failed(outcome.candidate.kind, slowError(rttMs));
        carrier.destroy(unwanted());
        return this.planImprovement();
      }
      const from = this.used?.candidate.name ?? 'nothing';
      this.move(outcome.candidate, outcome.value, false, `better than ${from}, which was in use`);
    });
  }

  /** A better transport whose echo takes longer is not better here. */
  private get tolerableMs(): number {
    return Math.max(SLOW_MS, SLOW_FACTOR * (this.options.session.stats.rttMs ?? 0));
  }

  /** The transport in use is no longer wanted: another one takes over once it works, and until then this one goes on. */
  leave(): void {
    if (this.used === undefined) return;
    this.cancel();
    const { book, clock, log } = this.options;
    this.start('leave', book.order(), (outcome) => {
      if (outcome.kind === 'won') {
        this.move(outcome.candidate, outcome.value, false, 'as asked for');
        return;
      }
      this.mark(outcome.failures);
      log.warn(
        `the transport that is wanted does not work yet; ${this.used?.candidate.name} goes on meanwhile`,
      );
      this.again = clock.after(LEAVE_GAP_MS, () => this.leave());
    });
  }

  /** Nothing comes back on the carrier in use since `sinceMs`. */
  rescue(sinceMs: number): void {
    if (this.used === undefined || this.purpose === 'rescue') return;
    this.cancel();
    const { clock, book, session, insistMs } = this.options;
    const insist = insistence(sinceMs, clock.now(), insistMs, session.stats.rttMs);
    const done = (outcome: RoundOutcome<Attached>): void => {
      if (outcome.kind === 'won') return this.rescued(outcome.candidate, outcome.value);
      this.purpose = 'rescue';
      this.again = clock.after(RESCUE_GAP_MS, () => {
        this.purpose = undefined;
        this.rescue(sinceMs);
      });
    };
    this.start('rescue', book.order(), done, insist);
  }

  private rescued(candidate: Candidate, attached: Attached): void {
    const { used } = this;
    // The same transport may stall on one connection and work on the next.
    if (used !== undefined && candidate !== used.candidate) {
      const error = new CulvertError('ERR_CARRIER_TIMEOUT', 'it stalled');
      this.options.book.failed(used.candidate.kind, error);
    }
    this.move(candidate, attached, true, `${used?.candidate.name ?? 'the one before'} stalled`);
  }

  /** It came back by itself. */
  calm(): void {
    if (this.purpose === 'rescue' || this.purpose === 'relieve') {
      this.cancel();
      // What is not wanted any more is still to be left: the tries for that ended when these began.
      if (this.used?.candidate.available() === false) this.leave();
      else this.planImprovement();
    }
  }

  /** The carrier in use answers, but late. */
  relieve(rttMs: number): void {
    const { clock, book } = this.options;
    if (this.used === undefined || this.round !== undefined) return;
    if (clock.now() - this.relievedAt < SLOW_HOLD_MS) return;
    this.relievedAt = clock.now();
    this.start('relieve', book.order(), (outcome) => {
      this.mark(outcome.failures);
      if (outcome.kind === 'won') {
        const { carrier, rttMs: found } = outcome.value;
        // Without an echo it is wanted at once: the one in use is gone.
        if (found === undefined || found < rttMs * MUCH_BETTER) {
          const { used } = this;
          if (used !== undefined && used.candidate !== outcome.candidate)
            book.failed(used.candidate.kind, slowError(rttMs));
          const why = `the one before was slow (an echo took ${Math.round(rttMs)} ms)`;
          return this.move(outcome.candidate, outcome.value, false, why);
        }
        carrier.destroy(unwanted());
      }
      this.planImprovement();
    });
  }

  private start(
    purpose: Purpose,
    candidates: readonly Candidate[],
    onDone: (outcome: RoundOutcome<Attached>) => void,
    insist?: Insistence,
  ): void {
    const { attacher, clock } = this.options;
    if (candidates.length === 0) return;
    this.purpose = purpose;
    this.round = new Round<Attached>({
      candidates,
      clock,
      insist,
      start: (candidate, _nth, done) => attacher.try(candidate, 'probe', done),
      onDone: (outcome) => {
        this.round = undefined;
        this.purpose = undefined;
        onDone(outcome);
      },
    });
    this.round.start();
  }

  /** What failed while something else works is remembered. */
  private mark(failures: Failures): void {
    const { book, server, log } = this.options;
    for (const [kind, failure] of failures) {
      const error = failureError(server, failure);
      log.debug(`${kind} was tried and does not work: ${error.message}`);
      book.failed(kind as CarrierKind, error);
    }
  }

  private move(candidate: Candidate, { carrier, rttMs }: Attached, alone: boolean, why: string): void {
    const { session, book, clock } = this.options;
    // One that is still being left goes with this one: to settle it now would end the carrier that is moved to.
    const left = this.used?.carrier ?? this.left;
    this.linger?.cancel();
    this.left = undefined;
    book.passed(candidate.kind, rttMs);
    this.options.onMove(candidate, carrier, why);
    session.choose(carrier, alone);
    if (alone || left === undefined || session.carrier !== carrier) return;
    this.left = left;
    this.linger = clock.after(LINGER_MS, () => this.settleLeft());
  }

  /** What is under way on the carrier that was left has arrived, or is sent again over the one in use. */
  private settleLeft(): void {
    const { left } = this;
    const { session } = this.options;
    this.linger?.cancel();
    this.left = undefined;
    if (left === undefined) return;
    if (session.carrier !== undefined && session.carrier !== left) session.choose(session.carrier, true);
  }
}

function slowError(rttMs: number): CulvertError {
  return new CulvertError('ERR_CARRIER_TIMEOUT', `it is slow (an echo took ${Math.round(rttMs)} ms)`);
}
