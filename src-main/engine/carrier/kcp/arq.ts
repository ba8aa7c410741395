import { RttEstimator } from './arq-rtt.ts';
import { ArqWindow } from './arq-window.ts';
import { ahead, CMD, isCommand, readSegment, SEGMENT_HEADER, type Segment, writeSegment } from './segment.ts';

/**
 * The ARQ of the reference `ikcp`, byte for byte: what it is given and when decides every byte it puts out, and the
 * recorded runs of the reference (test/unit/engine/carrier/kcp/vectors) hold it to that. Pure: time is what
 * `update` says. Names of the reference stand in brackets where they help to find the place.
 */

/** How eager a connection is: `ikcp_nodelay` of the reference, with the presets by which it is usually known. */
export interface ArqMode {
  /** RTO of at least 30 ms instead of 100, growing by half instead of doubling. */
  noDelay: number;
  /** Time between flushes, ms, 10 to 5000. */
  interval: number;
  /** A segment is sent again once so many later ones were acknowledged; 0 = never before its timeout. */
  resend: number;
  /** Leaves out congestion control. */
  noCongestion: boolean;
}

export const ARQ_MODES = {
  normal: { noDelay: 0, interval: 40, resend: 2, noCongestion: true },
  fast: { noDelay: 0, interval: 30, resend: 2, noCongestion: true },
  fast2: { noDelay: 1, interval: 20, resend: 2, noCongestion: true },
  fast3: { noDelay: 1, interval: 10, resend: 2, noCongestion: true },
} as const satisfies Record<string, ArqMode>;

export interface ArqOptions {
  conv: number;
  mode: ArqMode;
  /** Largest datagram, bytes. */
  mtu: number;
  /** Segments in flight, and held on arrival. */
  sendWindow: number;
  receiveWindow: number;
  /** Fills segments up, so that message boundaries are lost. */
  stream: boolean;
  output: (datagram: Buffer) => void;
}

interface Outgoing extends Segment {
  data: Buffer;
  resendAt: number;
  rto: number;
  /** Later segments acknowledged since it left. */
  skipped: number;
  sent: number;
}

interface Incoming {
  sn: number;
  frg: number;
  data: Buffer;
}

/** Segments a message may have, and the least receive window (IKCP_WND_RCV). */
const MAX_FRAGMENTS = 128;
/** Times a segment is sent again early (IKCP_FASTACK_LIMIT). */
const EARLY_LIMIT = 5;
/** A segment sent so often means that the link is dead (IKCP_DEADLINK). */
const DEAD_AFTER = 20;
const PROBE_FIRST_MS = 7000;
const PROBE_LIMIT_MS = 120_000;
/**
 * ACKs that may wait for a flush. The reference has no bound, and a peer that sends the same segment for ever
 * between two flushes would fill its memory.
 */
const MAX_PENDING_ACKS = 8192;

export class Arq {
  /** A segment was sent so often that the link counts as dead. */
  dead = false;
  private readonly options: ArqOptions;
  private readonly mss: number;
  private readonly buffer: Buffer;
  private readonly rtt: RttEstimator;
  private readonly window: ArqWindow;
  private readonly sendQueue: Outgoing[] = [];
  private readonly inFlight: Outgoing[] = [];
  private readonly early: Incoming[] = [];
  private readonly ready: Incoming[] = [];
  private acks: Array<readonly [sn: number, ts: number]> = [];
  private sendUna = 0;
  private sendNext = 0;
  private receiveNext = 0;
  private peerWindow = MAX_FRAGMENTS;
  private current = 0;
  private flushAt: number | undefined;
  private askWindow = false;
  private tellWindow = false;
  private probeAt = 0;
  private probeWait = 0;

  constructor(options: ArqOptions) {
    this.options = options;
    this.mss = options.mtu - SEGMENT_HEADER;
    this.buffer = Buffer.alloc((options.mtu + SEGMENT_HEADER) * 3);
    this.rtt = new RttEstimator(options.mode);
    this.window = new ArqWindow(this.mss);
  }

  /** Segments not acknowledged yet, waiting ones included. */
  get waiting(): number {
    return this.inFlight.length + this.sendQueue.length;
  }

  /** Bytes held, both ways; for tests of its bounds. */
  get heldBytes(): number {
    const lists = [this.sendQueue, this.inFlight, this.early, this.ready];
    return lists.flat().reduce((sum, { data }) => sum + data.length, this.acks.length * 16);
  }

  /** Queues a message, copied. False when it has too many fragments (`ikcp_send` < 0). */
  send(message: Buffer): boolean {
    let left = message;
    if (this.options.stream) {
      const last = this.sendQueue.at(-1);
      if (last !== undefined && last.data.length < this.mss) {
        const taken = left.subarray(0, this.mss - last.data.length);
        last.data = Buffer.concat([last.data, taken]);
        left = left.subarray(taken.length);
      }
      if (left.length === 0) return true;
    }
    const count = Math.max(1, Math.ceil(left.length / this.mss));
    if (count >= MAX_FRAGMENTS) return false;
    for (let i = 0; i < count; i++) {
      this.sendQueue.push({
        conv: this.options.conv,
        cmd: CMD.push,
        frg: this.options.stream ? 0 : count - i - 1,
        wnd: 0,
        ts: 0,
        sn: 0,
        una: 0,
        length: 0,
        data: Buffer.from(left.subarray(i * this.mss, (i + 1) * this.mss)),
        resendAt: 0,
        rto: 0,
        skipped: 0,
        sent: 0,
      });
    }
    return true;
  }

  /** The next whole message, or nothing. */
  receive(): Buffer | undefined {
    const { ready } = this;
    if (ready.length === 0) return undefined;
    if (ready[0].frg !== 0 && ready.length < ready[0].frg + 1) return undefined;
    let count = 0;
    while (count < ready.length && ready[count++].frg !== 0);
    const wasFull = ready.length >= this.options.receiveWindow;
    const taken = ready.splice(0, count);
    this.advance();
    if (wasFull && ready.length < this.options.receiveWindow) this.tellWindow = true;
    return taken.length === 1 ? taken[0].data : Buffer.concat(taken.map(({ data }) => data));
  }

  /** Takes a datagram. Negative as the reference is: -1 not ours or too short, -2 a false length, -3 no command. */
  input(datagram: Buffer): number {
    if (datagram.length < SEGMENT_HEADER) return -1;
    const before = this.sendUna;
    let newest: number | undefined;
    let at = 0;
    while (datagram.length - at >= SEGMENT_HEADER) {
      const segment = readSegment(datagram, at);
      if (segment.conv !== this.options.conv) return -1;
      at += SEGMENT_HEADER;
      if (segment.length > 0x7fff_ffff || datagram.length - at < segment.length) return -2;
      if (!isCommand(segment.cmd)) return -3;
      this.peerWindow = segment.wnd;
      this.dropBelow(segment.una);
      if (segment.cmd === CMD.ack) {
        const sample = ahead(this.current, segment.ts);
        if (sample >= 0) this.rtt.sample(sample);
        this.dropOne(segment.sn);
        if (newest === undefined || ahead(segment.sn, newest) > 0) newest = segment.sn;
      } else if (segment.cmd === CMD.push) {
        this.takeData(segment, datagram.subarray(at, at + segment.length));
      } else if (segment.cmd === CMD.windowAsk) {
        this.tellWindow = true;
      }
      at += segment.length;
    }
    if (newest !== undefined) this.countSkipped(newest);
    if (ahead(this.sendUna, before) > 0) this.window.acknowledged(this.peerWindow);
    return 0;
  }

  /** To be called every `interval` or when `check` says; `now` in ms wraps at 2^32. */
  update(now: number): void {
    this.current = now >>> 0;
    this.flushAt ??= this.current;
    let late = ahead(this.current, this.flushAt);
    if (late >= 10_000 || late < -10_000) {
      this.flushAt = this.current;
      late = 0;
    }
    if (late < 0) return;
    const { interval } = this.options.mode;
    this.flushAt = (this.flushAt + interval) >>> 0;
    if (ahead(this.current, this.flushAt) >= 0) this.flushAt = (this.current + interval) >>> 0;
    this.flush();
  }

  /** When to call `update` again, if nothing is sent or received meanwhile. */
  check(now: number): number {
    if (this.flushAt === undefined) return now;
    const late = ahead(now, this.flushAt);
    const flushAt = late >= 10_000 || late < -10_000 ? now : this.flushAt;
    if (ahead(now, flushAt) >= 0) return now;
    let wait = Math.min(ahead(flushAt, now), this.options.mode.interval);
    for (const { resendAt } of this.inFlight) {
      const left = ahead(resendAt, now);
      if (left <= 0) return now;
      wait = Math.min(wait, left);
    }
    return (now + wait) >>> 0;
  }

  private dropBelow(una: number): void {
    let count = 0;
    while (count < this.inFlight.length && ahead(una, this.inFlight[count].sn) > 0) count++;
    if (count > 0) this.inFlight.splice(0, count);
    this.settleUna();
  }

  private dropOne(sn: number): void {
    if (ahead(sn, this.sendUna) >= 0 && ahead(sn, this.sendNext) < 0) {
      const index = this.inFlight.findIndex((each) => ahead(sn, each.sn) <= 0);
      if (index >= 0 && this.inFlight[index].sn === sn) this.inFlight.splice(index, 1);
    }
    this.settleUna();
  }

  private settleUna(): void {
    this.sendUna = this.inFlight.length > 0 ? this.inFlight[0].sn : this.sendNext;
  }

  /** Segments older than one that was acknowledged: after enough of these they count as lost. */
  private countSkipped(sn: number): void {
    if (ahead(sn, this.sendUna) < 0 || ahead(sn, this.sendNext) >= 0) return;
    for (const each of this.inFlight) {
      if (ahead(sn, each.sn) < 0) break;
      if (each.sn !== sn) each.skipped++;
    }
  }

  private takeData({ sn, ts, frg }: Segment, data: Buffer): void {
    if (ahead(sn, (this.receiveNext + this.options.receiveWindow) >>> 0) >= 0) return;
    if (this.acks.length < MAX_PENDING_ACKS) this.acks.push([sn, ts]);
    if (ahead(sn, this.receiveNext) < 0) return;
    const { early } = this;
    let place = early.length;
    while (place > 0 && ahead(sn, early[place - 1].sn) < 0) place--;
    if (place > 0 && early[place - 1].sn === sn) return;
    early.splice(place, 0, { sn, frg, data: Buffer.from(data) });
    this.advance();
  }

  /** Moves what is in order, as far as the window reaches. */
  private advance(): void {
    let count = 0;
    while (
      count < this.early.length &&
      this.early[count].sn === this.receiveNext &&
      this.ready.length + count < this.options.receiveWindow
    ) {
      count++;
      this.receiveNext = (this.receiveNext + 1) >>> 0;
    }
    if (count > 0) this.ready.push(...this.early.splice(0, count));
  }

  private flush(): void {
    const { options, current, buffer } = this;
    const { mode } = options;
    let size = 0;
    const room = (need: number): void => {
      if (size + need <= options.mtu) return;
      if (size > 0) options.output(Buffer.from(buffer.subarray(0, size)));
      size = 0;
    };
    // Like the reference, which fills one variable again and again: probes carry the number of the last ACK.
    const own: Segment = {
      conv: options.conv,
      cmd: CMD.ack,
      frg: 0,
      wnd: Math.max(0, options.receiveWindow - this.ready.length),
      ts: 0,
      sn: 0,
      una: this.receiveNext,
      length: 0,
    };
    const put = (): void => {
      room(SEGMENT_HEADER);
      size = writeSegment(buffer, size, own);
    };
    for ([own.sn, own.ts] of this.acks) put();
    this.acks = [];
    this.probeWindow();
    if (this.askWindow) {
      own.cmd = CMD.windowAsk;
      put();
    }
    if (this.tellWindow) {
      own.cmd = CMD.windowTell;
      put();
    }
    this.askWindow = false;
    this.tellWindow = false;

    let allowed = Math.min(options.sendWindow, this.peerWindow);
    if (!mode.noCongestion) allowed = Math.min(this.window.segments, allowed);
    this.number(allowed);

    const resend = mode.resend > 0 ? mode.resend : 0xffff_ffff;
    let early = false;
    let lost = false;
    for (const each of this.inFlight) {
      if (each.sent === 0) {
        each.sent = 1;
        each.rto = this.rtt.rto;
        each.resendAt = (current + each.rto + (mode.noDelay === 0 ? this.rtt.rto >>> 3 : 0)) >>> 0;
      } else if (ahead(current, each.resendAt) >= 0) {
        each.sent++;
        if (mode.noDelay === 0) each.rto = (each.rto + Math.max(each.rto, this.rtt.rto)) >>> 0;
        else each.rto = (each.rto + Math.trunc((mode.noDelay < 2 ? each.rto | 0 : this.rtt.rto) / 2)) >>> 0;
        each.resendAt = (current + each.rto) >>> 0;
        lost = true;
      } else if (each.skipped >= resend && each.sent <= EARLY_LIMIT) {
        each.sent++;
        each.skipped = 0;
        each.resendAt = (current + each.rto) >>> 0;
        early = true;
      } else continue;
      each.ts = current;
      each.wnd = own.wnd;
      each.una = this.receiveNext;
      each.length = each.data.length;
      room(SEGMENT_HEADER + each.length);
      size = writeSegment(buffer, size, each);
      size += each.data.copy(buffer, size);
      if (each.sent >= DEAD_AFTER) this.dead = true;
    }
    if (size > 0) options.output(Buffer.from(buffer.subarray(0, size)));
    if (early) this.window.early(ahead(this.sendNext, this.sendUna), resend);
    if (lost) this.window.lost(allowed);
    this.window.atLeastOne();
  }

  /** Gives numbers to what the window lets go. */
  private number(allowed: number): void {
    const count = Math.min(
      this.sendQueue.length,
      Math.max(0, ahead((this.sendUna + allowed) >>> 0, this.sendNext)),
    );
    for (const each of this.sendQueue.splice(0, count)) {
      each.sn = this.sendNext;
      this.sendNext = (this.sendNext + 1) >>> 0;
      this.inFlight.push(each);
    }
  }

  /** Asks a peer whose window is closed from time to time, as its word of a wider one may have been lost. */
  private probeWindow(): void {
    if (this.peerWindow !== 0) {
      this.probeAt = 0;
      this.probeWait = 0;
    } else if (this.probeWait === 0) {
      this.probeWait = PROBE_FIRST_MS;
      this.probeAt = (this.current + this.probeWait) >>> 0;
    } else if (ahead(this.current, this.probeAt) >= 0) {
      this.probeWait = Math.min(PROBE_LIMIT_MS, this.probeWait + (this.probeWait >>> 1));
      this.probeAt = (this.current + this.probeWait) >>> 0;
      this.askWindow = true;
    }
  }
}
