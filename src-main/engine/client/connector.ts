import { CulvertError } from '../base/errors.ts';
import type { Carrier } from '../carrier/carrier.ts';
import type { Session } from '../session/session.ts';
import type { Attached, Attacher } from './attacher.ts';
import type { CandidateBook } from './candidate-book.ts';
import type { Candidate } from './carry.ts';
import type { DialContext } from './client-session.ts';
import { ClockOffset } from './clock-offset.ts';
import { insistence } from './insistence.ts';
import { type Failures, Round } from './round.ts';
import { failureError, isForbidden, isServersWord, mostTelling } from './server-answer.ts';
import { type Begun, tryBegin } from './try-begin.ts';

export interface ConnectorOptions extends DialContext {
  server: string;
  /** At least one. */
  candidates: readonly Candidate[];
}

/** What became of one attempt to connect. */
export type Connection =
  | { kind: 'begun'; candidate: Candidate; begun: Begun; why: string }
  | { kind: 'attached'; candidate: Candidate; carrier: Carrier; why: string }
  /** Every transport got through to the server, and it does not know the session. */
  | { kind: 'refused'; error: CulvertError }
  | { kind: 'failed'; error: CulvertError };

/** An old session that was refused so often where a new one stands is given up: no filter on the way says so. */
const DOUBTS = 3;

/** Connects by the best transport that works: for a new session, or for one that has no carrier. One at a time. */
export class Connector {
  private readonly options: ConnectorOptions;
  private readonly book: CandidateBook;
  private readonly clockOffset: ClockOffset;
  private round: { cancel(): void } | undefined;
  /** Times an old session was refused where a new one stood, by what may be a filter on the way. */
  private doubts = 0;

  constructor(options: ConnectorOptions, book: CandidateBook) {
    this.options = options;
    this.book = book;
    this.clockOffset = new ClockOffset(options.clock, options.config.clockSkewMs, options.log);
  }

  /** `done` is not called. */
  cancel(): void {
    this.round?.cancel();
    this.round = undefined;
  }

  /**
   * A new session. `old`: there is one that was refused. Where a new one stands, it is asked for once more by the
   * same way, as it may have been somebody on the way who refused it.
   */
  begin(old: Attacher | undefined, done: (connection: Connection) => void): void {
    const { options } = this;
    const candidates = this.order(done);
    if (candidates === undefined) return;
    const round = new Round<Begun>({
      candidates,
      clock: options.clock,
      start: (candidate, _nth, settled) =>
        tryBegin(
          {
            context: options,
            server: options.server,
            clockOffsetMs: this.clockOffset.ms,
            needsEcho: candidates.length > 1,
          },
          candidate,
          settled,
        ),
      onDone: (outcome) => {
        const { failures } = outcome;
        if (outcome.kind === 'won') {
          const { candidate, value } = outcome;
          this.mark(candidate, failures);
          const begun = { candidate, begun: value, why: this.why(candidate, failures) };
          if (old === undefined) done({ kind: 'begun', ...begun });
          else this.askOnceMore(old, begun, done);
        } else if (this.correctClock(failures)) this.begin(old, done);
        else done({ kind: 'failed', error: this.errorOf(failures) });
      },
    });
    this.run(round);
  }

  private askOnceMore(
    old: Attacher,
    made: { candidate: Candidate; begun: Begun; why: string },
    done: (connection: Connection) => void,
  ): void {
    const { candidate, begun, why } = made;
    const tried = old.try(candidate, 'replace', (result) => {
      this.round = undefined;
      const refused = result.kind === 'answer';
      if (refused && !begun.session.isEnded && (!isForbidden(result.answer) || ++this.doubts >= DOUBTS)) {
        this.doubts = 0;
        return done({ kind: 'begun', ...made });
      }
      begun.session.close();
      if (result.kind === 'passed') {
        done({ kind: 'attached', candidate, carrier: result.value.carrier, why });
        return;
      }
      done({ kind: 'failed', error: failureError(this.options.server, result) });
    });
    this.round = {
      cancel: () => {
        tried.cancel();
        begun.session.close();
      },
    };
  }

  /** A carrier for a session that has none since `lostAt`; while that is fresh, it is tried at short intervals. */
  attach(
    { session, attacher }: { session: Session; attacher: Attacher },
    lostAt: number,
    insist: boolean,
    done: (connection: Connection) => void,
  ): void {
    const { clock, config } = this.options;
    const candidates = this.order(done);
    if (candidates === undefined) return;
    const round = new Round<Attached>({
      candidates,
      clock,
      insist: insist ? insistence(lostAt, clock.now(), config.insistMs, session.stats.rttMs) : undefined,
      // Only the first says that all before it are dead: a later one might arrive after its sibling was chosen.
      start: (candidate, nth, settled) => attacher.try(candidate, nth === 0 ? 'replace' : 'use', settled),
      onDone: (outcome) => {
        const { failures } = outcome;
        if (outcome.kind === 'lost') {
          const kind = isRefusal(failures) ? 'refused' : 'failed';
          return done({ kind, error: this.errorOf(failures) });
        }
        const { candidate, value } = outcome;
        this.mark(candidate, failures);
        const { carrier } = value;
        done({ kind: 'attached', candidate, carrier, why: this.why(candidate, failures) });
      },
    });
    this.run(round);
  }

  private run(round: { start(): void; cancel(): void }): void {
    this.cancel();
    this.round = round;
    round.start();
  }

  private order(done: (connection: Connection) => void): Candidate[] | undefined {
    const order = this.book.order();
    if (order.length > 0) return order;
    done({
      kind: 'failed',
      error: new CulvertError('ERR_SERVER_UNREACHABLE', 'no transport can be used now'),
    });
    return undefined;
  }

  /** Perhaps only the clock is off: then it says so, corrects itself, and it is worth another try. */
  private correctClock(failures: Failures): boolean {
    for (const failure of failures.values()) {
      if (failure.kind === 'answer' && this.clockOffset.learn(failure.answer.date)) return true;
    }
    return false;
  }

  private errorOf(failures: Failures): CulvertError {
    const { server, config } = this.options;
    const known = { offsetMs: this.clockOffset.known, skewMs: config.clockSkewMs };
    return mostTelling([...failures.values()].map((failure) => failureError(server, failure, known)));
  }

  /** What failed while another one worked is remembered; not what failed as that one did before the network was back. */
  private mark(winner: Candidate, failures: Failures): void {
    for (const [kind, failure] of failures) {
      if (kind === winner.kind || (failures.has(winner.kind) && failure.kind === 'error')) continue;
      this.book.failed(kind, failureError(this.options.server, failure));
    }
  }

  private why(candidate: Candidate, failures: Failures): string {
    const candidates = this.book.order();
    if (candidates.length === 1) return 'as asked for';
    const failed = candidates.filter(({ kind, rank }) => failures.has(kind) && rank < candidate.rank);
    if (failed.length === 0) return 'the first to answer';
    return `${failed.map(({ name }) => name).join(' and ')} did not get through`;
  }
}

function isRefusal(failures: Failures): boolean {
  const all = [...failures.values()];
  return all.every((failure) => failure.kind === 'answer' && isServersWord(failure.answer));
}
