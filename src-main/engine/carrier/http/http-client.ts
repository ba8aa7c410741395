import type { Clock, Timer } from '../../base/clock.ts';
import { CulvertError, describeError } from '../../base/errors.ts';
import { type Answer, type CarrierControl, MAX_POLL_NUMBERS } from '../../wire/poll.ts';
import type { Carrier, CarrierEvents, CarrierRecord, CarrierStats } from '../carrier.ts';
import { ClientRequest, type RequestOutcome } from './client-request.ts';
import { PathHealth } from './health.ts';
import { HoldLearner } from './hold.ts';
import type { Lane } from './lane.ts';
import { type KeptLane, LanePool } from './lane-pool.ts';
import { CLOSE_MS, GRACE_MS, MAX_BODY, MAX_LANES, MAX_POLLS, MIN_BODY, PARK_BODY } from './limits.ts';
import { Outbox, partsOf } from './outbox.ts';
import { Overdue } from './overdue.ts';
import { PathRate } from './rate.ts';
import { type Piece, RecordCutter } from './record-cutter.ts';
import type { RequestForm } from './request-form.ts';

export interface HttpClientOptions {
  /** See `Poll.carrier`. */
  id: number;
  label: string;
  form: RequestForm;
  /** The connection that carried the first flight. */
  lane: Lane;
  /** Makes a further one. */
  newLane: (onTraffic: (sent: number, received: number) => void) => Lane;
  /** Body of the response to the first flight. */
  first: Buffer;
  clock: Clock;
}

/**
 * Connections opened as soon as something is to be sent and none is free, beside those that may wait at the server;
 * more only for whole bodies.
 */
const EAGER_LANES = 3;
const TICK_MS = 500;

/**
 * The client's end of an HTTP carrier. Each request takes data up and brings data down; at least one waits at the
 * server for data. What was in a request without a good answer is sent again in another; what was in a response
 * that did not arrive is asked for by number.
 */
export class HttpClientCarrier implements Carrier {
  readonly kind = 'http';
  readonly label: string;
  readonly stats: CarrierStats = { sent: 0, received: 0 };
  heardAt: number;
  private readonly options: HttpClientOptions;
  private readonly clock: Clock;
  private readonly outbox = new Outbox();
  private readonly cutter = new RecordCutter();
  private readonly lanes: LanePool;
  private readonly inFlight = new Map<number, ClientRequest>();
  private readonly lost = new Set<number>();
  private readonly hold: HoldLearner;
  private readonly health = new PathHealth();
  private readonly up: PathRate;
  private readonly down: PathRate;
  private readonly overdue: Overdue;
  private events: CarrierEvents | undefined;
  private receiving: ClientRequest | undefined;
  /** Length of the first answer's body, by its own account. */
  private firstBytes: number | undefined;
  private nextNumber = 1;
  private wantPolls = 1;
  private bodyLimit = MAX_BODY;
  private flushQueued = false;
  private wasFull = false;
  private closing = false;
  private gone = false;
  private tick: Timer | undefined;
  private pause: Timer | undefined;

  constructor(options: HttpClientOptions) {
    this.options = options;
    this.label = options.label;
    this.clock = options.clock;
    this.hold = new HoldLearner(options.clock);
    this.up = new PathRate(options.clock);
    this.down = new PathRate(options.clock);
    this.overdue = new Overdue(this.inFlight, this.up, options.clock);
    this.heardAt = options.clock.now();
    this.lanes = new LanePool(options.lane, () => options.newLane(this.onTraffic), options.clock);
  }

  get writable(): boolean {
    return !this.gone && !this.closing && this.outbox.bytes < this.bodyBytes;
  }
  get buffered(): number {
    let bytes = this.outbox.bytes;
    for (const request of this.inFlight.values()) bytes += request.bytes;
    return bytes;
  }
  get quietMs(): number {
    return this.hold.ms + GRACE_MS;
  }
  get maxRecordBytes(): number {
    return Math.max(1024, this.bodyLimit - 1024);
  }
  /** How long the next request may wait at the server, ms, and where the path was seen to cut. */
  get learnt(): { holdMs: number; cutAtMs: number | undefined; bodyLimit: number; lanes: number } {
    const { ms, cutAtMs } = this.hold;
    return { holdMs: ms, cutAtMs, bodyLimit: this.bodyLimit, lanes: this.lanes.size };
  }

  start(events: CarrierEvents): void {
    this.events = events;
    const { first } = this.options;
    try {
      events.openFlow().push(first);
      if (this.firstBytes === undefined)
        throw new CulvertError(
          'ERR_NOT_CULVERT',
          'the answer to the first request is not a Culvert server’s',
        );
    } catch (error) {
      this.destroy(
        error instanceof CulvertError ? error : new CulvertError('ERR_INTERNAL', describeError(error)),
      );
    }
    if (this.gone) return;
    // The first request has number 0. What was cut off its answer is asked for like all else.
    if (this.firstBytes !== first.length) this.lost.add(0);
    this.schedule();
    this.onTick();
  }

  send(records: readonly CarrierRecord[]): void {
    if (this.gone || this.closing) return;
    this.outbox.put(records);
    if (!this.writable) this.wasFull = true;
    this.schedule();
  }

  close(): void {
    if (this.gone || this.closing) return;
    this.closing = true;
    this.clock.after(CLOSE_MS, () => this.finish(new CulvertError('ERR_CLOSED', 'closed')));
    this.schedule();
  }

  destroy(error: CulvertError): void {
    this.finish(error);
  }

  /** Called within `flow.push`: the answer that begins the body being read. */
  onControl(control: CarrierControl, recordBytes: number): void {
    if (control.type !== 'answer') return;
    if (this.receiving !== undefined) this.receiving.onAnswer(control, recordBytes);
    else if (control.request === 0) this.firstBytes = recordBytes + control.bytes;
  }

  /** Traffic of a lane. */
  readonly onTraffic = (sent: number, received: number): void => {
    this.stats.sent += sent;
    this.stats.received += received;
  };

  private get bodyBytes(): number {
    return this.up.body(this.bodyLimit);
  }

  private get eagerLanes(): number {
    return Math.min(MAX_LANES, this.wantPolls + EAGER_LANES);
  }

  /** Everything that this turn's events bring leaves together. */
  private schedule(): void {
    if (this.flushQueued) return;
    this.flushQueued = true;
    process.nextTick(this.flush);
  }

  private readonly flush = (): void => {
    this.flushQueued = false;
    if (this.gone || this.events === undefined) return;
    const wait = this.health.pausedUntil - this.clock.now();
    if (wait > 0) {
      this.pause?.cancel();
      this.pause = this.clock.after(wait, () => this.schedule());
      return;
    }
    if (this.isProbing) return;
    this.sendData();
    this.keepPolls();
    if (this.closing && this.outbox.isEmpty && !this.cutter.isBusy && !this.hasUploads()) {
      this.finish(new CulvertError('ERR_CLOSED', 'closed'));
      return;
    }
    if (this.wasFull && this.writable) {
      this.wasFull = false;
      this.events.onWritable();
    }
  };

  /** After failures in a row one request tries the path; those that wait at the server since before say nothing. */
  private get isProbing(): boolean {
    if (!this.health.doubtful) return false;
    for (const { sentAt } of this.inFlight.values()) if (sentAt >= this.health.lastAt) return true;
    return false;
  }

  private hasUploads(): boolean {
    for (const request of this.inFlight.values()) if (request.bytes > 0) return true;
    return false;
  }

  private sendData(): void {
    this.sendPiece();
    while (!this.outbox.isEmpty) {
      // Bulk waits for its turn and becomes a fuller body meanwhile; a keystroke does not.
      if (this.outbox.bytes > PARK_BODY && !this.mayUpload()) return;
      const long = this.outbox.firstBytes > this.bodyLimit;
      if (long && this.cutter.isBusy) return;
      const lane = this.lanes.free(this.outbox.bytes >= this.bodyBytes ? MAX_LANES : this.eagerLanes);
      if (lane === undefined) return;
      const { records, bytes } = this.outbox.take(this.bodyBytes);
      if (long) {
        this.cutter.begin(records[0]);
        this.sendPiece();
      } else this.post(lane, records, bytes);
      if (this.isProbing) return;
    }
  }

  private mayUpload(): boolean {
    const { bytes, count } = this.overdue.uploads;
    return bytes < this.up.window(this.bodyLimit) && count < this.up.requests(this.bodyLimit);
  }

  /** The next piece of a record that is longer than the path lets through; one at a time. */
  private sendPiece(): void {
    if (!this.cutter.isDue) return;
    const lane = this.lanes.free(this.eagerLanes);
    if (lane === undefined) return;
    const piece = this.cutter.take(Math.min(this.bodyLimit, this.bodyBytes));
    this.post(lane, [], piece.bytes.length, piece);
  }

  private keepPolls(): void {
    if (this.closing) return;
    let polls = 0;
    for (const request of this.inFlight.values()) if (request.bytes <= PARK_BODY && !request.unseen) polls++;
    // The server has to hear at once of answers that did not arrive: it sends their data again.
    const wanted = this.isToldOfLost() ? this.wantPolls : Math.max(polls + 1, this.wantPolls);
    for (; polls < wanted; polls++) {
      if (this.isProbing) return;
      const lane = this.lanes.free(MAX_LANES - 2);
      if (lane === undefined) return;
      this.post(lane, [], 0);
    }
  }

  private isToldOfLost(): boolean {
    if (this.lost.size === 0) return true;
    for (const { named } of this.inFlight.values()) {
      if (named.length >= this.lost.size && [...this.lost].every((number) => named.includes(number)))
        return true;
    }
    return false;
  }

  private post(kept: KeptLane, records: CarrierRecord[], bytes: number, piece?: Piece): void {
    const { events } = this;
    if (events === undefined) return;
    const number = this.nextNumber++;
    const open = [...this.inFlight.keys()];
    const named = [...this.lost].slice(0, MAX_POLL_NUMBERS);
    // A probe is to come back, not to wait; the next piece waits for the one before.
    const atOnce = this.closing || this.health.doubtful || piece !== undefined;
    const holdMs = atOnce ? 0 : this.hold.ms;
    const wantBytes = Math.floor(this.down.body(MAX_BODY));
    const flight = events.seal({
      type: 'poll',
      carrier: this.options.id,
      request: number,
      bytes,
      holdMs,
      wantBytes,
      park: this.wantPolls + 1,
      open,
      lost: named,
      piece: piece?.number ?? 0,
      offset: piece?.offset ?? 0,
    });
    const now = this.clock.now();
    const slowest = Math.max(64_000, this.up.rate / 4);
    const request = new ClientRequest({
      number,
      records,
      piece,
      bytes,
      open,
      named,
      holdMs,
      sentAt: now,
      transferMs: (bytes * 1000) / slowest,
      lane: kept.lane,
      flow: () => events.openFlow(),
      push: (flow, chunk) => {
        this.receiving = request;
        try {
          flow.push(chunk);
        } finally {
          this.receiving = undefined;
        }
      },
      learn: (cookies) => this.options.form.learn(cookies),
      now: () => this.clock.now(),
      onOver: (outcome) => {
        kept.idleSince = this.clock.now();
        this.over(request, outcome);
      },
    });
    this.inFlight.set(number, request);
    kept.lane.request(
      this.options.form.head(flight, bytes),
      piece ? [piece.bytes] : partsOf(records),
      request,
    );
  }

  private over(request: ClientRequest, outcome: RequestOutcome): void {
    this.inFlight.delete(request.number);
    if (this.gone) return;
    if (outcome.kind === 'good') this.good(request, outcome.answer);
    else this.failed(request, outcome);
    if (!this.gone) this.schedule();
  }

  private good(request: ClientRequest, answer: Answer): void {
    const now = this.clock.now();
    this.heardAt = now;
    this.health.good();
    for (const number of request.named) this.lost.delete(number);
    for (const record of request.records) record.written();
    if (request.piece !== undefined) this.cutter.arrived(request.piece);
    if (answer.gone) {
      this.finish(new CulvertError('ERR_CARRIER_LOST', 'the server has given this HTTP path up'));
      return;
    }
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
    this.overdue.learn(request, answer);
  }

  private failed(request: ClientRequest, outcome: Exclude<RequestOutcome, { kind: 'good' }>): void {
    const now = this.clock.now();
    if (outcome.sent) this.lost.add(request.number);
    this.outbox.putBack(request.records);
    if (request.piece !== undefined) this.cutter.failed();
    if (outcome.kind === 'fatal' || this.lost.size >= MAX_POLL_NUMBERS) {
      this.finish(outcome.error);
      return;
    }
    if (outcome.kind === 'untouched') return;
    if (outcome.kind === 'tooLarge' && request.bytes > MIN_BODY) {
      this.bodyLimit = Math.max(MIN_BODY, Math.min(this.bodyLimit, Math.floor(request.bytes / 2)));
      return;
    }
    const waited = now - request.sentAt;
    if (outcome.kind === 'cut' && request.bytes <= PARK_BODY && this.health.failures === 0) {
      this.hold.cut(waited);
      // It waited longer than any answer needs: the path does not like waiting, and is well otherwise.
      if (waited > Math.max(1500, 8 * this.up.rttMs)) return;
    }
    this.health.failed(outcome.error, now, request.sentAt, outcome.retryAfterMs);
    if (this.health.isDead(now)) this.finish(outcome.error);
  }

  private readonly onTick = (): void => {
    if (this.gone) return;
    this.tick = this.clock.after(TICK_MS, this.onTick);
    const now = this.clock.now();
    this.overdue.check();
    if (this.health.failures > 0 && this.health.isDead(now) && this.health.last !== undefined) {
      this.finish(this.health.last);
      return;
    }
    this.lanes.age();
  };

  private finish(reason: CulvertError): void {
    if (this.gone) return;
    this.gone = true;
    this.tick?.cancel();
    this.pause?.cancel();
    this.lanes.destroy();
    this.inFlight.clear();
    this.outbox.clear();
    this.events?.onClose(reason);
  }
}
