import type { Clock } from '../../base/clock.ts';
import { CulvertError } from '../../base/errors.ts';
import { type Answer, SEEN } from '../../wire/poll.ts';
import type { ClientRequest } from './client-request.ts';
import { GRACE_MS, PARK_BODY } from './limits.ts';
import type { PathRate } from './rate.ts';

/** A request that the server has not seen is given up when a later one overtook it and this much time passed, ms. */
const OVERTAKEN_MS = 1_000;
/** An answer that left the server and does not begin to arrive is given up after this, ms. */
const ANSWER_LOST_MS = 4_000;

/**
 * Finds requests that will not be answered. A connection that is cut says so itself; one that swallows a request
 * does not, but the answers to others tell what the server has seen.
 */
export class Overdue {
  private readonly inFlight: ReadonlyMap<number, ClientRequest>;
  private readonly path: PathRate;
  private readonly clock: Clock;

  constructor(inFlight: ReadonlyMap<number, ClientRequest>, path: PathRate, clock: Clock) {
    this.inFlight = inFlight;
    this.path = path;
    this.clock = clock;
  }

  /** Bodies on their way up. One that takes far too long is not counted: it may be lost, the path is not. */
  get uploads(): { bytes: number; count: number } {
    const now = this.clock.now();
    const sum = { bytes: 0, count: 0 };
    for (const { bytes, sentAt, transferMs } of this.inFlight.values()) {
      if (bytes <= PARK_BODY || now - sentAt >= transferMs / 4 + OVERTAKEN_MS) continue;
      sum.bytes += bytes;
      sum.count++;
    }
    return sum;
  }

  /** What an answer says of requests that were under way when its own was sent. */
  learn(request: ClientRequest, answer: Answer): void {
    const now = this.clock.now();
    for (let i = 0; i < answer.seen.length && i < request.open.length; i++) {
      const other = this.inFlight.get(request.open[i]);
      if (other === undefined) continue;
      if (answer.seen[i] === SEEN.answered) other.answeredAt ??= now;
      if (answer.seen[i] !== SEEN.missing) continue;
      other.unseen = true;
      if (request.sentAt - other.sentAt > this.patience(other)) giveUp(other);
    }
  }

  /** To be called now and then. */
  check(): void {
    const now = this.clock.now();
    for (const request of [...this.inFlight.values()]) {
      const { answeredAt, lane } = request;
      const silent = answeredAt !== undefined && request.heardAt === undefined;
      if (silent && now - answeredAt > ANSWER_LOST_MS + 8 * this.path.rttMs)
        lane.abort(new CulvertError('ERR_CARRIER_LOST', 'an answer of the server did not arrive'));
      else if (request.unseen && now - request.sentAt > this.patience(request)) giveUp(request);
      else if (now > request.deadline(GRACE_MS))
        lane.abort(new CulvertError('ERR_CARRIER_TIMEOUT', 'a request was not answered in time'));
    }
  }

  private patience(request: ClientRequest): number {
    return Math.max(OVERTAKEN_MS, 4 * this.path.rttMs) + request.transferMs;
  }
}

function giveUp(request: ClientRequest): void {
  request.lane.abort(new CulvertError('ERR_CARRIER_LOST', 'a request did not reach the server'));
}
