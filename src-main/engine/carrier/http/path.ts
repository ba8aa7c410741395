import type { Clock } from '../../base/clock.ts';
import { type Answer, MODE } from '../../wire/poll.ts';
import type { ClientRequest, RequestOutcome } from './client-request.ts';
import { PathHealth } from './health.ts';
import { HoldLearner } from './hold.ts';
import { MAX_BODY, MAX_POLLS, MIN_BODY, PARK_BODY } from './limits.ts';
import { type PathMemory, RECHECK_MS, readPathMemory } from './path-memory.ts';
import { PathRate } from './rate.ts';
import { StreamLength } from './stream-length.ts';
import { StreamTrial } from './stream-trial.ts';

/** All that the client's end of an HTTP carrier learns about its path. */
export class Path {
  readonly health = new PathHealth();
  readonly hold: HoldLearner;
  readonly up: PathRate;
  readonly down: PathRate;
  readonly streamsUp: StreamTrial;
  readonly streamsDown: StreamTrial;
  readonly streamLength: StreamLength;
  bodyLimit = MAX_BODY;
  /** Requests to keep waiting for data. */
  wantPolls = 1;
  private readonly clock: Clock;
  private limitedAt = 0;
  /** See `PathMemory`; these two are wall clock. */
  private provenAt: number;
  private checkedAt: number;

  constructor(clock: Clock, given: PathMemory | undefined) {
    this.clock = clock;
    const wall = clock.wall();
    const memory = readPathMemory(given, wall);
    const isFresh = memory !== undefined && wall - memory.checkedAt < RECHECK_MS;
    this.provenAt = memory?.at ?? wall;
    this.checkedAt = isFresh ? memory.checkedAt : wall;
    this.hold = new HoldLearner(clock, memory?.holdMs, isFresh ? memory.cutAtMs : undefined);
    this.up = new PathRate(clock);
    this.streamLength = new StreamLength(clock);
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
    const { provenAt: at, checkedAt } = this;
    const memory: PathMemory = { at, checkedAt, holdMs: hold.ms, bodyLimit, polls: wantPolls };
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
    this.provenAt = this.clock.wall();
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
      this.provenAt = this.clock.wall();
      this.checkedAt = this.provenAt;
      return 'passes';
    }
    const waited = now - request.sentAt;
    const mayBeCut = outcome.kind === 'cut' && outcome.retryAfterMs === 0;
    if (mayBeCut && request.bytes <= PARK_BODY && health.failures === 0) {
      this.hold.cut(waited);
      this.provenAt = this.clock.wall();
      // It waited longer than any answer needs: the path does not like waiting, and is well otherwise.
      if (waited > Math.max(1500, 8 * this.up.rttMs)) return 'passes';
    }
    health.failed(outcome.error, now, request.sentAt, outcome.retryAfterMs);
    return health.isDead(now) ? 'dead' : 'doubtful';
  }

  /**
   * A request that was a stream, or a try of one, is over. `streamed` = in order, and it did stream; `tooLong` = a
   * gateway refused it for its length.
   */
  streamOver(request: ClientRequest, streamed: boolean | 'tooLong'): void {
    const isDown = request.mode === MODE.down || request.mode === MODE.tryDown;
    const trial = isDown ? this.streamsDown : this.streamsUp;
    this.checkedAt = this.clock.wall();
    if (request.mode === MODE.up) {
      const bytes = request.upload?.bytes ?? 0;
      if (streamed === true) this.streamLength.arrived(bytes);
      else if (streamed === 'tooLong' && this.streamLength.refused(bytes)) return;
    }
    if (request.mode === MODE.tryDown || request.mode === MODE.tryUp) trial.result(streamed === true);
    else if (streamed === true) trial.lasted();
    else trial.broke();
  }
}
