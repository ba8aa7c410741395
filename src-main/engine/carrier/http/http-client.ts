import type { Clock, Timer } from '../../base/clock.ts';
import { CulvertError, describeError } from '../../base/errors.ts';
import { type Answer, type CarrierControl, MAX_POLL_NUMBERS, MODE } from '../../wire/poll.ts';
import type { Carrier, CarrierEvents, CarrierRecord } from '../carrier.ts';
import { CarrierEnd } from './carrier-end.ts';
import type { ClientRequest, RequestOutcome } from './client-request.ts';
import { ClientStreams } from './client-streams.ts';
import type { Lane } from './lane.ts';
import { type KeptLane, LanePool } from './lane-pool.ts';
import { CLOSE_MS, GRACE_MS, MAX_LANES, PARK_BODY } from './limits.ts';
import { Overdue } from './overdue.ts';
import { Path } from './path.ts';
import type { PathMemory } from './path-memory.ts';
import { type Piece, RecordCutter } from './record-cutter.ts';
import type { RequestForm } from './request-form.ts';
import { RequestTable } from './request-table.ts';
import type { SocketsAhead } from './sockets-ahead.ts';

export interface HttpClientOptions {
  /** See `Poll.carrier`. */
  id: number;
  label: string;
  form: RequestForm;
  /** The connection that carried the first flight. */
  lane: Lane;
  /** Makes a further one. */
  newLane: (onTraffic: (sent: number, received: number) => void) => Lane;
  ahead: SocketsAhead;
  /** Body of the response to the first flight. */
  first: Buffer;
  /** What an earlier carrier learnt about the path. */
  memory?: PathMemory;
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
export class HttpClientCarrier extends CarrierEnd implements Carrier {
  readonly label: string;
  private readonly options: HttpClientOptions;
  private readonly cutter = new RecordCutter();
  private readonly lanes: LanePool;
  private readonly path: Path;
  private readonly table: RequestTable;
  private readonly streams: ClientStreams;
  private readonly overdue: Overdue;
  /** Length of the first answer's body, by its own account. */
  private firstBytes: number | undefined;
  private tick: Timer | undefined;
  private pause: Timer | undefined;
  /** The request that says it. */
  private lastWord: ClientRequest | undefined;

  constructor(options: HttpClientOptions) {
    super(options.clock);
    this.options = options;
    this.label = options.label;
    const { clock } = options;
    this.lanes = new LanePool(options.lane, () => options.newLane(this.onTraffic), clock);
    this.path = new Path(clock, options.memory);
    this.table = new RequestTable({
      id: options.id,
      form: options.form,
      path: this.path,
      clock,
      onHeard: (request, bytes) => this.heard(request, bytes),
      onOpen: (request, body) => this.streams.opened(request, body),
      onDrain: () => this.schedule(),
      onOver: (request, outcome) => this.over(request, outcome),
    });
    this.overdue = new Overdue(this.table.inFlight, this.path.up, clock);
    this.streams = new ClientStreams({
      table: this.table,
      lanes: this.lanes,
      path: this.path,
      clock,
      outbox: this.outbox,
      events: () => (this.gone || this.closing ? undefined : this.events),
      schedule: () => this.schedule(),
    });
  }

  get writable(): boolean {
    return !this.gone && !this.closing && this.outbox.bytes < this.path.bodyBytes;
  }
  get buffered(): number {
    return this.outbox.bytes + this.table.uploadBytes;
  }
  get quietMs(): number {
    return this.path.hold.ms + GRACE_MS;
  }
  get maxRecordBytes(): number {
    return Math.max(1024, this.path.bodyLimit - 1024);
  }
  get learnt(): Readonly<Record<string, number | boolean | undefined>> {
    const { at: _, checkedAt: __, ...known } = this.path.memory;
    return { ...known, lanes: this.lanes.size };
  }
  /** What was learnt about the path so far. */
  get memory(): PathMemory {
    return this.path.memory;
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
    if (this.firstBytes !== first.length) this.table.lost.add(0);
    this.schedule();
    this.onTick();
  }

  /** At once: without a last word of ours the session was ended by the server, which takes nothing any more. */
  close(): void {
    this.finish(new CulvertError('ERR_CLOSED', 'closed'));
  }

  /** Says it in a request of its own, on a further connection if all are busy. What does not fit in beside it is left. */
  closeWith(last: CarrierRecord): void {
    if (this.gone || this.closing) return;
    this.streams.end();
    if (this.outbox.bytes + last.bytes > this.path.bodyBytes) this.outbox.clear();
    this.outbox.put([last]);
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
    const { receiving } = this.table;
    if (receiving !== undefined) receiving.onAnswer(control, recordBytes);
    else if (control.request === 0) this.firstBytes = recordBytes + control.bytes;
  }

  /** Traffic of a lane. */
  readonly onTraffic = (sent: number, received: number): void => {
    this.stats.sent += sent;
    this.stats.received += received;
  };

  /** Lanes that small data may open. Those of tries and streams are no place for it: it would wait for their end. */
  private get eagerLanes(): number {
    let aside = 0;
    for (const { mode } of this.table.inFlight.values()) if (mode !== MODE.plain) aside++;
    return Math.min(MAX_LANES, this.path.wantPolls + EAGER_LANES + aside);
  }

  protected flush(): void {
    if (this.events === undefined) return;
    const wait = this.path.health.pausedUntil - this.clock.now();
    if (wait > 0) {
      this.pause?.cancel();
      this.pause = this.clock.after(wait, () => this.schedule());
      return;
    }
    if (this.closing) return this.sayLast();
    if (this.isProbing) return;
    this.sendData();
    this.keepPolls();
    this.streams.keep();
    this.tellRoom();
  }

  private sayLast(): void {
    if (this.lastWord !== undefined && this.table.inFlight.has(this.lastWord.number)) return;
    if (this.outbox.isEmpty) return this.finish(new CulvertError('ERR_CLOSED', 'closed'));
    const lane = this.lanes.free(this.lanes.size + 1);
    if (lane === undefined) return;
    const { records, bytes } = this.outbox.take(this.path.bodyBytes);
    this.lastWord = this.post(lane, records, bytes);
  }

  /** After failures in a row one request tries the path; those that wait at the server since before say nothing. */
  private get isProbing(): boolean {
    if (!this.path.health.doubtful) return false;
    for (const { sentAt } of this.table.inFlight.values()) if (sentAt >= this.path.health.lastAt) return true;
    return false;
  }

  private sendData(): void {
    const { outbox, path } = this;
    this.sendPiece();
    if (this.streams.send()) return;
    while (!outbox.isEmpty) {
      // Bulk waits for its turn and becomes a fuller body meanwhile; a keystroke does not.
      if (outbox.bytes > PARK_BODY && !this.mayUpload()) return;
      const long = outbox.firstBytes > path.bodyLimit;
      if (long && this.cutter.isBusy) return;
      const lane = this.lanes.free(outbox.bytes >= path.bodyBytes ? MAX_LANES : this.eagerLanes);
      if (lane === undefined) return;
      const { records, bytes } = outbox.take(path.bodyBytes);
      if (long) {
        this.cutter.begin(records[0]);
        this.sendPiece();
      } else this.post(lane, records, bytes);
      if (this.isProbing) return;
    }
  }

  private mayUpload(): boolean {
    const { up, bodyLimit } = this.path;
    return up.mayStart(bodyLimit, this.overdue.uploads, this.outbox.bytes);
  }

  /** The next piece of a record that is longer than the path lets through; one at a time. */
  private sendPiece(): void {
    if (!this.cutter.isDue) return;
    const lane = this.lanes.free(this.eagerLanes);
    if (lane === undefined) return;
    const piece = this.cutter.take(Math.min(this.path.bodyLimit, this.path.bodyBytes));
    this.post(lane, [], piece.bytes.length, piece);
  }

  private keepPolls(): void {
    const { wantPolls } = this.path;
    let { polls } = this.table;
    // The server has to hear at once of answers that did not arrive: it sends their data again.
    const wanted = this.table.isTold ? wantPolls : Math.max(polls + 1, wantPolls);
    for (; polls < wanted; polls++) {
      if (this.isProbing) return;
      const lane = this.lanes.free(MAX_LANES - 2);
      if (lane === undefined) return;
      this.post(lane, [], 0);
    }
  }

  private post(
    kept: KeptLane,
    records: CarrierRecord[],
    bytes: number,
    piece?: Piece,
  ): ClientRequest | undefined {
    if (this.events === undefined) return undefined;
    if (records.some(({ reliable }) => reliable)) this.options.ahead.stir();
    // A probe is to come back, not to wait; the next piece waits for the one before.
    const atOnce = this.closing || this.path.health.doubtful || piece !== undefined;
    return this.table.post(kept, this.events, {
      records,
      bytes,
      piece,
      holdMs: atOnce ? 0 : this.path.hold.ms,
    });
  }

  // ---- answers --------------------------------------------------------------------------------------------

  private heard(request: ClientRequest, bytes: number): void {
    if (!request.isOurs) return;
    this.heardAt = this.clock.now();
    if (request.streamed && request.mode === MODE.down) this.path.down.moved(bytes);
  }

  private over(request: ClientRequest, outcome: RequestOutcome): void {
    if (this.gone) return;
    if (outcome.kind === 'good') this.good(request, outcome.answer);
    else this.failed(request, outcome);
    if (!this.gone) this.schedule();
  }

  private good(request: ClientRequest, answer: Answer): void {
    this.heardAt = this.clock.now();
    this.path.health.good();
    for (const number of request.named) this.table.lost.delete(number);
    for (const record of request.records) record.written();
    if (request.piece !== undefined) this.cutter.arrived(request.piece);
    if (answer.gone) {
      this.finish(new CulvertError('ERR_CARRIER_LOST', 'the server has given this HTTP path up'));
      return;
    }
    if (request.mode === MODE.plain) this.path.answered(request, answer);
    else this.path.streamOver(request, request.isStreaming);
    this.overdue.learn(request, answer);
  }

  private failed(request: ClientRequest, outcome: Exclude<RequestOutcome, { kind: 'good' }>): void {
    const { lost } = this.table;
    if (outcome.sent) lost.add(request.number);
    // Nothing but the last word is of use to a session that is over.
    if (!this.closing || request === this.lastWord) this.outbox.putBack(request.records);
    if (request.piece !== undefined) this.cutter.failed();
    request.upload?.fail();
    // One that had ended in order and did not arrive.
    if (!this.closing) this.outbox.putBack(request.upload?.takeLost() ?? []);
    if (outcome.kind === 'fatal' || lost.size >= MAX_POLL_NUMBERS) {
      this.finish(outcome.error);
      return;
    }
    // What became of a stream says nothing of the path's way with whole messages.
    if (request.mode !== MODE.plain) this.path.streamOver(request, outcome.kind === 'tooLarge' && 'tooLong');
    else if (this.path.failed(request, outcome) === 'dead') return this.finish(outcome.error);
    if (outcome.kind !== 'cut' && outcome.kind !== 'untouched') return;
    // The next try may be swallowed by what cut this one: whoever can ask for an echo knows sooner.
    this.overdue.shaken();
    this.events?.onDoubt?.();
  }

  private readonly onTick = (): void => {
    if (this.gone) return;
    this.tick = this.clock.after(TICK_MS, this.onTick);
    const now = this.clock.now();
    this.overdue.check();
    if (
      this.path.health.failures > 0 &&
      this.path.health.isDead(now) &&
      this.path.health.last !== undefined
    ) {
      this.finish(this.path.health.last);
      return;
    }
    this.lanes.age();
  };

  private finish(reason: CulvertError): void {
    if (this.gone) return;
    this.gone = true;
    this.tick?.cancel();
    this.pause?.cancel();
    this.overdue.stop();
    this.streams.end();
    this.lanes.destroy();
    this.options.ahead.close();
    this.table.inFlight.clear();
    this.outbox.clear();
    this.events?.onClose(reason);
  }
}
