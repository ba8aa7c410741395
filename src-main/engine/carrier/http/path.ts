import type { Clock } from '../../base/clock.ts';
import { type Answer, MODE } from '../../wire/poll.ts';
import type { ClientRequest, RequestOutcome } from './client-request.ts';
import { PathHealth } from './health.ts';
import { HoldLearner } from './hold.ts';
import { MAX_BODY, MAX_POLLS, MIN_BODY, PARK_BODY } from './limits.ts';
import { PathRate } from './rate.ts';
import { StreamTrial } from './stream-trial.ts';

/** What was learnt about a path, as plain JSON: to be kept per profile and network, and given to the next carrier. */
export interface PathMemory {
  /** When it was learnt: wall clock, ms since 1970. */
  at: number;
  /** How long a request may wait for its answer, ms. */
  holdMs: number;
  /** Where the path was seen to cut, ms. */
  cutAtMs?: number;
  /** Longest body, bytes. */
  bodyLimit: number;
  /** Requests that waited for data at a time. */
  polls: number;
  /** Whether responses, and requests, arrive as they are made. Absent = not known. */
  streamsDown?: boolean;
  streamsUp?: boolean;
}

/** Older memories are not believed: the network may have changed since. */
const BELIEVED_MS = 24 * 3_600_000;
/** What limits the path is tried again after this long. */
const RECHECK_MS = 10 * 60_000;

function isUsable(memory: PathMemory | undefined, now: number): memory is PathMemory {
  if (memory === undefined || !(now - memory.at < BELIEVED_MS && now >= memory.at)) return false;
  const { bodyLimit, holdMs, polls } = memory;
  return bodyLimit >= MIN_BODY && bodyLimit <= MAX_BODY && holdMs > 0 && polls >= 1 && polls <= MAX_POLLS;
}

/** All that the client's end of an HTTP carrier learns about its path. */
export class Path {
  readonly health = new PathHealth();
  readonly hold: HoldLearner;
  readonly up: PathRate;
  readonly down: PathRate;
  readonly streamsUp: StreamTrial;
  readonly streamsDown: StreamTrial;
  bodyLimit = MAX_BODY;
  /** Requests to keep waiting for data. */
  wantPolls = 1;
  private readonly clock: Clock;
  private limitedAt = 0;

  constructor(clock: Clock, given: PathMemory | undefined) {
    this.clock = clock;
    const memory = isUsable(given, clock.wall()) ? given : undefined;
    const isFresh = memory !== undefined && clock.wall() - memory.at < RECHECK_MS;
    this.hold = new HoldLearner(clock, memory?.holdMs, isFresh ? memory.cutAtMs : undefined);
    this.up = new PathRate(clock);
    this.down = new PathRate(clock);
    // A body limit that is no longer true costs one 413, a stream that does not flow costs seconds.
    this.bodyLimit = isFresh ? memory.bodyLimit : MAX_BODY;
    this.limitedAt = clock.now();
    this.wantPolls = isFresh ? memory.polls : 1;
    this.streamsUp = new StreamTrial(clock, isFresh ? memory.streamsUp : undefined);
    this.streamsDown = new StreamTrial(clock, isFresh ? memory.streamsDown : undefined);
  }

  get memory(): PathMemory {
    const { hold, bodyLimit, wantPolls } = this;
    const memory: PathMemory = { at: this.clock.wall(), holdMs: hold.ms, bodyLimit, polls: wantPolls };
    if (hold.cutAtMs !== undefined) memory.cutAtMs = hold.cutAtMs;
    const { known: streamsDown } = this.streamsDown;
    const { known: streamsUp } = this.streamsUp;
    if (streamsDown !== undefined) memory.streamsDown = streamsDown;
    if (streamsUp !== undefined) memory.streamsUp = streamsUp;
    return memory;
  }

  /** Bytes of the next body. */
  get bodyBytes(): number {
    return this.up.body(this.bodyLimit);
  }

  /** A plain request was answered. */
  answered(request: ClientRequest, answer: Answer): void {
    const now = this.clock.now();
    const elapsed = now - request.sentAt;
    this.hold.held(answer.heldMs, request.holdMs);
    if (request.bytes <= PARK_BODY && answer.bytes <= PARK_BODY) {
      this.up.roundTrip(elapsed - answer.heldMs);
      this.down.roundTrip(elapsed - answer.heldMs);
    }
    this.up.moved(request.bytes);
    this.down.moved(answer.bytes);
    if (answer.more) {
      const useful = 1 + this.down.requests(MAX_BODY);
      this.wantPolls = Math.max(1, Math.min(MAX_POLLS, useful, this.wantPolls + 1));
    } else if (answer.bytes === 0 && this.wantPolls > 1) {
      this.wantPolls--;
    }
    if (this.bodyLimit < MAX_BODY && now - this.limitedAt > RECHECK_MS) {
      this.limitedAt = now;
      this.bodyLimit = Math.min(MAX_BODY, this.bodyLimit * 2);
    }
  }

  /** A plain request failed. `dead`: the carrier is of no use any more. */
  failed(
    request: ClientRequest,
    outcome: Exclude<RequestOutcome, { kind: 'good' }>,
  ): 'passes' | 'doubtful' | 'dead' {
    const now = this.clock.now();
    const { health } = this;
    if (outcome.kind === 'untouched') return 'passes';
    if (outcome.kind === 'tooLarge' && request.bytes > MIN_BODY) {
      this.bodyLimit = Math.max(MIN_BODY, Math.min(this.bodyLimit, Math.floor(request.bytes / 2)));
      this.limitedAt = now;
      return 'passes';
    }
    const waited = now - request.sentAt;
    const mayBeCut = outcome.kind === 'cut' && outcome.retryAfterMs === 0;
    if (mayBeCut && request.bytes <= PARK_BODY && health.failures === 0) {
      this.hold.cut(waited);
      // It waited longer than any answer needs: the path does not like waiting, and is well otherwise.
      if (waited > Math.max(1500, 8 * this.up.rttMs)) return 'passes';
    }
    health.failed(outcome.error, now, request.sentAt, outcome.retryAfterMs);
    return health.isDead(now) ? 'dead' : 'doubtful';
  }

  /** A request that was a stream, or a try of one, is over. `streamed` = in order, and it did stream. */
  streamOver(request: ClientRequest, streamed: boolean): void {
    const isDown = request.mode === MODE.down || request.mode === MODE.tryDown;
    const trial = isDown ? this.streamsDown : this.streamsUp;
    if (request.mode === MODE.tryDown || request.mode === MODE.tryUp) trial.result(streamed);
    else if (streamed) trial.lasted();
    else trial.broke();
  }
}
