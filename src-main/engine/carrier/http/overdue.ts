import type { Clock, Timer } from '../../base/clock.ts';
import { CulvertError } from '../../base/errors.ts';
import { type Answer, SEEN } from '../../wire/poll.ts';
import type { ClientRequest } from './client-request.ts';
import { GRACE_MS, PARK_BODY } from './limits.ts';
import type { PathRate } from './rate.ts';

/** A request that the server has not seen is given up when a later one overtook it and this much time passed, ms. */
const OVERTAKEN_MS = 1_000;
/**
 * ... or only so much, if the path was cut up to so long before and it is the first on its connection: the network may
 * not have been back yet, and what it swallowed then is not repeated soon. A connection takes up to four round trips.
 */
const SWALLOWED_MS = 60;
const SHAKEN_MS = 2_000;
const CONNECT_ROUND_TRIPS = 5;
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
  /** When a connection was lost last. */
  private shakenAt = Number.NEGATIVE_INFINITY;
  private timer: Timer | undefined;
  private dueAt = Number.POSITIVE_INFINITY;

  constructor(inFlight: ReadonlyMap<number, ClientRequest>, path: PathRate, clock: Clock) {
    this.inFlight = inFlight;
    this.path = path;
    this.clock = clock;
  }

  /** Bodies on their way up. One that takes far too long is not counted: it may be lost, the path is not. */
  get uploads(): { bytes: number; count: number } {
    const now = this.clock.now();
    const sum = { bytes: 0, count: 0 };
    for (const { bytes, sentAt, transferMs, upload } of this.inFlight.values()) {
      const tail = upload?.tailBytes ?? 0;
      if (tail > PARK_BODY) {
        sum.bytes += tail;
        sum.count++;
      }
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
      else if (this.mayBeSwallowed(other)) this.checkAt(other.sentAt + this.patience(other) + 1);
    }
  }

  /** A connection was lost. */
  shaken(): void {
    this.shakenAt = this.clock.now();
  }

  stop(): void {
    this.timer?.cancel();
  }

  private checkAt(at: number): void {
    if (at >= this.dueAt) return;
    this.dueAt = at;
    this.timer?.cancel();
    this.timer = this.clock.after(Math.max(0, at - this.clock.now()), () => {
      this.dueAt = Number.POSITIVE_INFINITY;
      this.check();
    });
  }

  private mayBeSwallowed({ fresh, sentAt }: ClientRequest): boolean {
    // Before it too: one cut ends many connections, and the first of them is replaced before the last is known.
    return fresh && Math.abs(sentAt - this.shakenAt) < SHAKEN_MS;
  }

  /** To be called now and then. */
  check(): void {
    const now = this.clock.now();
    for (const request of [...this.inFlight.values()]) {
      const { answeredAt, lane } = request;
      const silent = answeredAt !== undefined && request.heardAt === undefined;
      if (request.upload?.isLost(now)) request.giveUp('a streamed request does not arrive');
      else if (silent && now - answeredAt > ANSWER_LOST_MS + 8 * this.path.rttMs)
        lane.abort(new CulvertError('ERR_CARRIER_LOST', 'an answer of the server did not arrive'));
      else if (request.unseen && now - request.sentAt > this.patience(request)) giveUp(request);
      else if (request.unseen && this.mayBeSwallowed(request))
        this.checkAt(request.sentAt + this.patience(request) + 1);
      else if (now > request.deadline(GRACE_MS))
        lane.abort(new CulvertError('ERR_CARRIER_TIMEOUT', 'a request was not answered in time'));
    }
  }

  private patience(request: ClientRequest): number {
    const { rttMs } = this.path;
    const { transferMs } = request;
    const usual = Math.max(OVERTAKEN_MS, 4 * rttMs) + transferMs;
    if (!this.mayBeSwallowed(request)) return usual;
    // The time for its body is that of a quarter of the path's rate; half of that will do here.
    return Math.min(usual, Math.max(SWALLOWED_MS, CONNECT_ROUND_TRIPS * rttMs) + transferMs / 2);
  }
}

/** Others get through: it says nothing of the path as a whole, and what it carried is sent again at once. */
function giveUp(request: ClientRequest): void {
  request.overtaken = true;
  request.lane.abort(new CulvertError('ERR_CARRIER_LOST', 'a request did not reach the server'));
}
