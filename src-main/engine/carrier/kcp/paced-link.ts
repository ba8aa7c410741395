import type { Clock, RandomBytes, Timer } from '../../base/clock.ts';
import { CulvertError } from '../../base/errors.ts';
import { BODY_HEAD, type Body, FLAG, MAX_RANGES, readBody, writeAck, writePiece } from './body.ts';
import { type DeliverData, Lanes } from './lanes.ts';
import { URGENT_DEBT } from './limits.ts';
import { MtuProbe } from './mtu-probe.ts';
import { NumberRanges } from './number-ranges.ts';
import { Pacer } from './pacer.ts';
import { PathTiming } from './path-timing.ts';
import { RateModel } from './rate-model.ts';
import { readSegments, SEGMENT_HEADER } from './segment.ts';
import type { OutSegment } from './segment-queue.ts';
import { type SentDatagram, SentLog } from './sent-log.ts';

/** Datagrams after which an acknowledgement leaves at once, and the longest that it waits, ms. */
const ACK_EVERY = 8;
const ACK_DELAY_MS = 2;
/** Ranges of received numbers kept. More reordering than that is loss. */
const MAX_KEPT_RANGES = 256;
/** Bounds of what may wait here for the path, and the time that it stands for. */
const LEAST_QUEUE = 32 << 10;
const MOST_QUEUE = 1 << 20;
const QUEUE_MS = 12;
/** Random padding of what is not full, bytes: below this. */
const PADDING = 64;
/** Without an acknowledgement for so long, with data under way, the path is dead, ms. */
export const DEAD_MS = 20_000;
/** Timeouts in a row after which all that is under way counts as lost. */
const LOSE_ALL_AFTER = 3;

export interface PacedLinkOptions {
  conv: number;
  clock: Clock;
  random: RandomBytes;
  /** Bytes a datagram costs beyond its body. */
  overhead: number;
  /** Datagram sizes to try, ascending; the first is used from the start. */
  sizes: readonly number[];
  /** What `windowBytes` starts with. */
  windowBytes: number;
  /** Bytes of bulk ahead of what is missing that are held at most. */
  receiveBytes: number;
  /** Seals and sends. The buffer is used again afterwards. */
  send: (number: number, body: Buffer) => void;
  /** Whether a datagram of so many bytes may leave: false keeps it until `flush` is called. */
  maySend: (bytes: number) => boolean;
  deliver: DeliverData;
  onWritable: () => void;
  /** So many timeouts in a row without an answer. */
  onTimeouts?: (count: number) => void;
  onDead: (reason: CulvertError) => void;
}

/**
 * One end of the paced mode: KCP's segments, sent at the pace of a model of the path (`RateModel`) and repeated when
 * the datagram they were in is known to be lost. Pure: gets bodies and a clock, gives bodies.
 */
export class PacedLink {
  readonly model: RateModel;
  readonly log = new SentLog<OutSegment>();
  /** A piece of the handshake that goes with every datagram until it is taken away. */
  piece: { flag: number; bytes: Buffer } | undefined;
  /** Most bytes under way, whatever the model says. */
  windowBytes: number;
  private readonly options: PacedLinkOptions;
  private readonly lanes: Lanes;
  private readonly arrived = new NumberRanges(MAX_KEPT_RANGES);
  private readonly pacer = new Pacer();
  private readonly timing = new PathTiming();
  private readonly mtu: MtuProbe;
  private readonly scratch: Buffer;
  private nextNumber = 0;
  private owed = 0;
  private owedAt = 0;
  private newestAt = 0;
  private lastSentAt = 0;
  private progressAt = 0;
  private timer: Timer | undefined;
  private timerAt = Number.POSITIVE_INFINITY;
  private wasWritable = true;
  private hadUrgentRoom = true;
  private stopped = false;
  /** All that was there has left. */
  private ranDry = true;
  private flushing = false;

  constructor(options: PacedLinkOptions) {
    this.options = options;
    const [first] = options.sizes;
    this.windowBytes = options.windowBytes;
    this.mtu = new MtuProbe(options.sizes);
    this.scratch = Buffer.alloc(options.sizes[options.sizes.length - 1]);
    this.lanes = new Lanes(options.conv, this.payloadOf(first), options.receiveBytes);
    this.model = new RateModel(first, () => options.random(2).readUInt16BE(0) / 65_536);
  }

  private payloadOf(size: number): number {
    return size - this.options.overhead - BODY_HEAD - SEGMENT_HEADER;
  }

  get buffered(): number {
    return this.lanes.held;
  }
  get size(): number {
    return this.mtu.size;
  }
  get heldBytes(): number {
    return this.lanes.aheadBytes;
  }
  /** From a question to an answer that comes in order, which waits for what was lost before it, ms. */
  get orderedRtt(): number | undefined {
    const { smoothed } = this.timing;
    return smoothed === undefined ? undefined : smoothed + this.lanes.waitMs;
  }
  get writable(): boolean {
    const limit = Math.min(MOST_QUEUE, Math.max(LEAST_QUEUE, this.model.pacing * QUEUE_MS));
    return this.lanes.unsent < limit;
  }
  get urgentWritable(): boolean {
    return this.lanes.urgentRoom;
  }
  /** Whether the peer has all that was written. */
  get settled(): boolean {
    return this.lanes.held === 0;
  }

  /** Longest urgent write, bytes. */
  get longestUrgent(): number {
    return this.lanes.longest;
  }

  /** Copies the parts; they leave with the next `flush`. Urgent ones, whole records, overtake the others. */
  write(parts: readonly Buffer[], urgent = false): void {
    this.lanes.write(parts, urgent);
    if (urgent) this.hadUrgentRoom = this.urgentWritable;
    else this.wasWritable = this.writable;
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  // ---- arriving -------------------------------------------------------------------------------------------

  /** Whether a datagram of that number arrived already. */
  seen(number: number): boolean {
    return this.arrived.has(number);
  }

  /** The body of a verified datagram. Undefined when it is malformed, was seen before or does not fit. */
  receive(number: number, bytes: Buffer): Body | undefined {
    const body = readBody(bytes);
    if (this.stopped || body === undefined) return undefined;
    const segments = readSegments(body.segments, this.lanes.convs);
    // What does not fit must not be acknowledged, so that it comes again.
    if (segments === undefined || !this.lanes.fit(segments)) return undefined;
    const newest = number > this.arrived.newest;
    if (!this.arrived.add(number)) return undefined;
    const now = this.options.clock.now();
    if (body.ack !== undefined) this.takeAck(body.ack.ranges, body.ack.delayMs, now);
    const data = this.lanes.receive(segments, newest, now, this.options.deliver);
    const asks = data || (body.flags & FLAG.trial) !== 0;
    if (newest) this.newestAt = now;
    if (asks && this.owed++ === 0) this.owedAt = now;
    return body;
  }

  private takeAck(ranges: NonNullable<Body['ack']>['ranges'], delayMs: number, now: number): void {
    // Numbers that never left: not from an honest peer.
    if (ranges[0][1] > this.nextNumber) return;
    const { acked, lost, rtt } = this.log.acknowledge(ranges, delayMs, this.timing.patience, now);
    if (rtt !== undefined) this.timing.sample(rtt);
    for (const entry of acked) {
      if (entry.trial) this.mtuFound(entry.sample.bytes);
      for (const segment of entry.load) segment.queue.acked(segment);
    }
    if (acked.length > 0) {
      this.timing.timeouts = 0;
      this.progressAt = now;
      const samples = acked.filter(({ trial }) => !trial).map(({ sample }) => sample);
      this.model.acked(samples, rtt, this.log.inFlight, now);
    }
    this.takeLost(lost);
  }

  private takeLost(lost: ReadonlyArray<SentDatagram<OutSegment>>): void {
    for (const entry of lost) {
      if (entry.trial) this.mtu.failed(entry.sample.bytes);
      else this.model.lostOne(entry.sample);
      for (const segment of entry.load) segment.queue.lost(segment, entry.number);
    }
  }

  private mtuFound(size: number): void {
    if (!this.mtu.passed(size)) return;
    this.lanes.widen(this.payloadOf(this.mtu.size));
    this.model.mtu = this.mtu.size;
  }

  // ---- leaving --------------------------------------------------------------------------------------------

  /** Sends what may leave now, and sets the timer for the rest. */
  flush(): void {
    // Also called by those who are told, from within, that they may write.
    if (this.stopped || this.flushing) return;
    this.flushing = true;
    const now = this.options.clock.now();
    this.checkTimes(now);
    const pacedAt = this.sendDue(now);
    this.flushing = false;
    if (this.stopped) return;
    this.tryMtu(now);
    if (this.owed >= ACK_EVERY || (this.owed > 0 && now - this.owedAt >= ACK_DELAY_MS)) this.sendAck(now);
    this.arm(now, pacedAt);
  }

  /** Sends data as far as window and pace let it; gives the time at which the pace lets the next go. */
  private sendDue(now: number): number | undefined {
    const { log, model, pacer, lanes } = this;
    pacer.advance(model.pacing, now, model.mtu);
    // The pace would have let something go before there was anything.
    if (this.ranDry && pacer.open) model.starved(log.inFlight);
    if (lanes.ready) this.ranDry = false;
    for (;;) {
      this.tellWritable();
      // Nobody answers: the few that a timeout sends are enough to find out when that is over.
      if (this.stopped || this.timing.timeouts >= LOSE_ALL_AFTER) return undefined;
      const hasRoom = log.inFlight + model.mtu <= Math.min(model.window, this.windowBytes);
      if (hasRoom && !lanes.ready) {
        if (pacer.open) model.starved(log.inFlight);
        this.ranDry = true;
        return undefined;
      }
      const open = hasRoom && pacer.open;
      // What is urgent is little: it may be a little ahead of window and pace, and bulk pays for it.
      if (!open && !(lanes.hurries && pacer.debt < URGENT_DEBT * model.mtu))
        return hasRoom ? pacer.opensAt(model.pacing, now) : undefined;
      if (!this.options.maySend(this.mtu.size)) return undefined;
      this.sendSegments(now, false, open);
    }
  }

  private tellWritable(): void {
    if (this.wasWritable && this.hadUrgentRoom) return;
    const { writable, urgentWritable } = this;
    if ((this.wasWritable || !writable) && (this.hadUrgentRoom || !urgentWritable)) return;
    this.wasWritable = writable;
    this.hadUrgentRoom = urgentWritable;
    this.options.onWritable();
  }

  private checkTimes(now: number): void {
    const { log } = this;
    if (log.lossAt !== undefined && log.lossAt <= now) this.takeLost(log.findLost(this.timing.patience, now));
    if (log.count === 0) return;
    if (now - this.progressAt >= DEAD_MS) {
      this.stop();
      const text = `no acknowledgement over UDP for ${DEAD_MS / 1000} s`;
      this.options.onDead(new CulvertError('ERR_CARRIER_TIMEOUT', text));
      return;
    }
    if (now < this.lastSentAt + this.timing.ptoMs) return;
    this.timing.timeouts++;
    this.options.onTimeouts?.(this.timing.timeouts);
    if (this.timing.timeouts >= LOSE_ALL_AFTER) this.takeLost(log.loseAll());
    // Whatever the model says: the answer to these tells what became of the others.
    if (this.piece?.flag === FLAG.flight) this.sendBare(FLAG.trial, this.options.sizes[0]);
    else
      for (let i = 0; i < 2; i++) if (this.options.maySend(this.mtu.size)) this.sendSegments(now, true, true);
    this.lastSentAt = now;
  }

  /**
   * A datagram of segments, with bulk or of urgent ones alone; `probe`: of those that wait for acknowledgement
   * longest, when nothing else is there.
   */
  private sendSegments(now: number, probe: boolean, withBulk: boolean): void {
    const { lanes, scratch, nextNumber } = this;
    const load: OutSegment[] = [];
    const end = this.mtu.size - this.options.overhead;
    let at = lanes.take(scratch, BODY_HEAD, end, nextNumber, now, load, withBulk);
    if (probe && load.length === 0) at = lanes.repeat(scratch, at, end, nextNumber, now, load);
    this.finish(at, end, now, load.length === 0 ? FLAG.trial : 0, load, false);
  }

  /** An acknowledgement of datagrams, and in KCP's own words how far the segments and the window reach. */
  private sendAck(now: number): void {
    const [size] = this.options.sizes;
    if (!this.options.maySend(size)) return;
    const at = this.lanes.tell(this.scratch, BODY_HEAD, now);
    this.finish(at, size - this.options.overhead, now, 0, undefined, false);
  }

  /** The number of the next datagram. */
  get upcoming(): number {
    return this.nextNumber;
  }

  /**
   * A datagram without segments, with the handshake's piece if there is one. With FLAG.trial it asks for an answer.
   * `fillTo`: padded to that size.
   */
  sendBare(flags: number, fillTo?: number): void {
    const now = this.options.clock.now();
    const asks = (flags & FLAG.trial) !== 0 ? [] : undefined;
    const end = (fillTo ?? this.options.sizes[0]) - this.options.overhead;
    this.finish(BODY_HEAD, end, now, flags, asks, false, fillTo);
  }

  /**
   * Adds to the segments in the scratch buffer what else is due, and sends it. `load` undefined: it asks for no
   * acknowledgement. `fillTo`: padded to that size.
   */
  private finish(
    behind: number,
    end: number,
    now: number,
    flags: number,
    load: OutSegment[] | undefined,
    trial: boolean,
    fillTo?: number,
  ): void {
    const { options, scratch, piece } = this;
    let given = flags;
    let at = behind;
    scratch.writeUInt16BE(behind - BODY_HEAD, 1);
    const ackEnd = piece === undefined ? end : end - piece.bytes.length - 2;
    if (this.arrived.newest >= 0) {
      const withAck = writeAck(scratch, at, ackEnd, this.arrived.top(MAX_RANGES), now - this.newestAt);
      if (withAck > at) {
        given |= FLAG.ack;
        this.owed = 0;
      }
      at = withAck;
    }
    if (piece !== undefined && at + 2 + piece.bytes.length <= end) {
      given |= piece.flag;
      at = writePiece(scratch, at, piece.bytes);
    }
    scratch[0] = given;
    let to = fillTo === undefined ? at : fillTo - options.overhead;
    if (fillTo === undefined && at < end) to = Math.min(end, at + (options.random(1)[0] % PADDING));
    scratch.fill(0, at, to);
    const bytes = to + options.overhead;
    const number = this.nextNumber++;
    if (load !== undefined) {
      const sample = this.model.sent(bytes, this.log.inFlight, now);
      if (this.log.count === 0 && this.timing.timeouts === 0) this.progressAt = now;
      this.log.add({ number, sample, load, trial, state: 'out' });
      this.lastSentAt = now;
      this.pacer.spend(bytes);
    }
    options.send(number, scratch.subarray(0, to));
  }

  private tryMtu(now: number): void {
    if (this.timing.smoothed === undefined) return;
    const size = this.mtu.next();
    if (size === undefined || !this.options.maySend(size)) return;
    this.mtu.trying = size;
    this.finish(BODY_HEAD, size - this.options.overhead, now, FLAG.trial, [], true, size);
  }

  private arm(now: number, pacedAt: number | undefined): void {
    let at = pacedAt ?? Number.POSITIVE_INFINITY;
    if (this.log.lossAt !== undefined) at = Math.min(at, this.log.lossAt);
    if (this.log.count > 0) at = Math.min(at, this.lastSentAt + this.timing.ptoMs);
    if (this.owed > 0) at = Math.min(at, this.owedAt + ACK_DELAY_MS);
    if (at >= this.timerAt || at === Number.POSITIVE_INFINITY) return;
    this.timer?.cancel();
    this.timerAt = at;
    this.timer = this.options.clock.after(Math.max(1, Math.ceil(at - now)), () => {
      this.timerAt = Number.POSITIVE_INFINITY;
      this.flush();
    });
  }
}
