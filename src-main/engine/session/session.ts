import { assertNever, CulvertError } from '../base/errors.ts';
import { release } from '../base/release.ts';
import type { Carrier, Flow } from '../carrier/carrier.ts';
import { RECORD_KIND, RECORD_OVERHEAD, type RecordKind, type SealedRecord } from '../crypto/record.ts';
import { RecordOpener } from '../crypto/record-opener.ts';
import { RecordReader } from '../crypto/record-reader.ts';
import { RecordSealer } from '../crypto/record-sealer.ts';
import { type AckState, type AttachMode, type Control, decodeControl } from '../wire/control.ts';
import type { RecordProgress } from '../wire/early.ts';
import type { CarrierControl } from '../wire/poll.ts';
import { AckScheduler } from './ack-scheduler.ts';
import { CarrierSet } from './carrier-set.ts';
import { ControlSealer } from './control-sealer.ts';
import { type EchoDone, Echoes } from './echoes.ts';
import { endWith } from './ending.ts';
import { type FlightControl, readFlightControl } from './flight-control.ts';
import { Liveness, silenceError } from './liveness.ts';
import { RateMeter } from './rate-meter.ts';
import { ReceiveOrder } from './receive-order.ts';
import { RecordSender } from './record-sender.ts';
import { ReplayWindow } from './replay-window.ts';
import { SendBuffer } from './send-buffer.ts';
import {
  newStats,
  type SessionOptions,
  type SessionStats,
  type SessionUser,
  type SessionWatcher,
} from './types.ts';

/**
 * An authenticated, ordered, reliable sequence of sealed records that outlives any carrier.
 *
 * Records wait in the send buffer until acknowledged. When a carrier dies, what left on it and is unacknowledged
 * leaves again, the same bytes, on the next one; the receiver drops what it has. A full send buffer stops `pull`,
 * which stops the streams (I4).
 */
export class Session {
  readonly id: Buffer;
  readonly stats: SessionStats = newStats();
  watcher: SessionWatcher = {};
  private user: SessionUser | undefined;
  private readonly options: SessionOptions;
  private readonly sealer: RecordSealer;
  private readonly opener: RecordOpener;
  private readonly sendBuffer = new SendBuffer();
  private readonly sender: RecordSender;
  private readonly order: ReceiveOrder;
  private readonly controlWindow = new ReplayWindow();
  private readonly rate: RateMeter;
  private readonly liveness: Liveness;
  private readonly echoes: Echoes;
  private readonly carriers: CarrierSet;
  private active: Carrier | undefined;
  private wasActive = false;
  private ended: CulvertError | undefined;
  private readonly controls: ControlSealer;
  private readonly acks: AckScheduler;
  private pumpQueued = false;

  constructor(options: SessionOptions) {
    this.options = options;
    this.id = options.id;
    this.sealer = new RecordSealer(options.sendSecret);
    this.controls = new ControlSealer(this.sealer, options.random, options.early === true);
    this.opener = new RecordOpener(options.receiveSecret);
    this.order = ReceiveOrder.forBuffer(options.limits.receiveBufferBytes);
    this.rate = new RateMeter(options.clock);
    this.sender = new RecordSender({
      sealer: this.sealer,
      buffer: this.sendBuffer,
      rate: this.rate,
      stats: this.stats,
      sendBufferBytes: options.limits.sendBufferBytes,
      user: () => this.user,
      active: () => this.active,
      transmit: (carrier, record) => this.transmit(carrier, record),
    });
    const wake = (): void => this.wake(false);
    this.acks = new AckScheduler(options.limits, options.clock, () => this.sendAck(), wake);
    this.carriers = new CarrierSet(options.limits.maxCarriers);
    this.echoes = new Echoes(options.clock, options.random, (carrier, token) =>
      carrier.send([this.controls.record({ type: 'ping', token, ack: this.takeAck() })]),
    );
    this.liveness = new Liveness({
      limits: options.limits,
      clock: options.clock,
      random: options.random,
      carrier: () => this.active,
      waiting: () => this.sendBuffer.size > 0,
      ping: (token) => this.sendControl({ type: 'ping', token, ack: this.takeAck() }),
      dead: (carrier, silence) => carrier.destroy(silenceError(silence)),
    });
  }

  /** The carrier that carries what is sent, if there is one. */
  get carrier(): Carrier | undefined {
    return this.active;
  }
  get isEnded(): boolean {
    return this.ended !== undefined;
  }
  /** Ended, and a carrier has yet to say so to the peer, which has to come for it. */
  get lingers(): boolean {
    return this.carriers.linger;
  }
  /** Resolves when it has ended and does not linger. */
  get gone(): Promise<void> {
    return this.carriers.gone;
  }
  /** Bytes sealed and not acknowledged. */
  get unacknowledged(): number {
    return this.sendBuffer.bytes;
  }

  /** For the mux: whether its frames may go early, and how far the peer is. */
  get progress(): RecordProgress {
    return this.sender.progress;
  }

  use(user: SessionUser): void {
    this.user = user;
  }

  // ---- carriers -------------------------------------------------------------------------------------------

  /**
   * Attaches a carrier. `ready`: it may carry records at once (first carrier, or the server's side of a further
   * one). Otherwise (the client's side of a further one) it waits for ATTACHED, which says what the peer has; and
   * for `choose`, where it is on probation.
   */
  attach(carrier: Carrier, ready: boolean, onProbation = false): void {
    if (this.ended !== undefined) return carrier.destroy(this.ended);
    this.carriers.add(carrier, this.active, onProbation);
    carrier.start({
      openFlow: () => this.openFlow(carrier),
      onWritable: () => {
        this.carriers.hasRoom(carrier);
        if (carrier === this.active) this.pump();
      },
      onClose: (reason) => this.carrierLost(carrier, reason),
      onDoubt: () => this.watcher.onDoubt?.(carrier),
      seal: (control) => this.sealCarrierControl(control),
    });
    if (ready && this.carriers.has(carrier)) this.activate(carrier);
  }

  /** The client's first flight on a further carrier: a sealed ATTACH. */
  sealAttach(mode: AttachMode): Buffer {
    return this.controls.padded({ type: 'attach', mode, ack: this.order.state() });
  }

  /** A control record of a carrier. A POLL has the block in front that leads to this session. */
  sealCarrierControl(control: CarrierControl): Buffer {
    return this.controls.padded(control, control.type === 'poll' ? this.options.flightBlock?.() : undefined);
  }

  /** Reads an ATTACH or a POLL at the head of a request. Undefined: it does not verify or was seen before. */
  openFlight(flight: Buffer): FlightControl | undefined {
    return readFlightControl(this.opener, this.controlWindow, flight);
  }

  /** The server's side of ATTACH: answers with what it has, then sends what the client lacks. */
  resume(carrier: Carrier, attach: { mode: AttachMode; ack: AckState; seq: number }): void {
    if (this.ended !== undefined) return carrier.destroy(this.ended);
    this.applyAck(attach.ack);
    this.attach(carrier, false);
    if (!this.carriers.has(carrier)) return;
    carrier.send([this.controls.record({ type: 'attached', ack: this.takeAck() })]);
    if (this.active === undefined) this.activate(carrier);
    this.obey(carrier, attach);
  }

  private obey(carrier: Carrier, attach: { mode: AttachMode; seq: number }): void {
    if (!this.carriers.has(carrier) || !this.carriers.isNewChoice(attach)) return;
    if (carrier !== this.active) this.activate(carrier);
    if (attach.mode === 'replace') this.carriers.destroyOthers(carrier);
  }

  /**
   * The client's choice among carriers that are attached: this one is used, and the server is told to do the same.
   * `alone`: the others are of no use any more, there as here.
   */
  choose(carrier: Carrier, alone: boolean): void {
    if (!this.carriers.has(carrier)) return;
    const mode = alone ? 'replace' : 'use';
    carrier.send([this.controls.record({ type: 'attach', mode, ack: this.takeAck() })]);
    if (carrier !== this.active) this.activate(carrier);
    if (alone) this.carriers.destroyOthers(carrier);
  }

  /** Asks for an echo over `carrier`, whether it is in use or not. */
  echo(carrier: Carrier, timeoutMs: number, done: EchoDone): void {
    this.echoes.ask(carrier, timeoutMs, done);
  }

  private activate(carrier: Carrier): void {
    this.active = carrier;
    this.progress.early = this.options.early === true && carrier.urgentWritable !== undefined;
    if (this.wasActive) this.stats.resumes++;
    this.wasActive = true;
    this.carriers.use(carrier);
    // Another path, other times: windows go by them.
    this.stats.minRttMs = undefined;
    this.liveness.reset();
    this.watcher.onActive?.(carrier);
    this.pump();
  }

  private carrierLost(carrier: Carrier, reason: CulvertError): void {
    if (!this.carriers.delete(carrier)) return;
    this.sendBuffer.lost(carrier);
    this.echoes.gone(carrier);
    const wasActive = this.active === carrier;
    if (wasActive) this.active = undefined;
    if (wasActive) this.liveness.reset();
    if (this.ended !== undefined) return;
    const next = this.carriers.freshest();
    this.watcher.onCarrierLost?.(carrier, reason, next !== undefined);
    if (wasActive && next !== undefined) this.activate(next);
    else if (this.active !== undefined) this.pump();
  }

  // ---- sending --------------------------------------------------------------------------------------------

  /** The user has something to send. `now`: enough to fill a record; otherwise it waits for the turn's end. */
  wake(now: boolean): void {
    if (now) this.pump();
    else if (!this.pumpQueued) {
      this.pumpQueued = true;
      this.options.defer(this.deferredPump);
    }
  }

  private readonly deferredPump = (): void => {
    this.pumpQueued = false;
    this.pump();
    if (this.acks.isDue) this.sendAck();
  };

  private pump(): void {
    const carrier = this.active;
    if (carrier === undefined || this.ended !== undefined) return;
    const { sendBuffer } = this;
    const idle = sendBuffer.size === 0;
    this.sender.fill(carrier);
    if (idle && sendBuffer.size > 0) this.liveness.arm();
  }

  private transmit(carrier: Carrier, record: SealedRecord): void {
    this.stats.sentBytes += record.bytes;
    record.handedOver();
    // An ACK that is nearly due leaves with it: one system call less here and at the peer.
    if (!this.acks.nearlyDue) carrier.send([record]);
    else carrier.send([this.controls.record({ type: 'ack', ack: this.takeAck() }), record]);
  }

  private sendAck(): void {
    if (this.active !== undefined) this.sendControl({ type: 'ack', ack: this.takeAck() });
  }

  private sendControl(control: Control): void {
    this.active?.send([this.controls.record(control)]);
  }

  // ---- receiving ------------------------------------------------------------------------------------------

  private openFlow(carrier: Carrier): Flow {
    return new RecordReader(this.opener, {
      wants: (kind, seq, length) => this.wants(kind, seq, length),
      onRecord: (kind, seq, pieces) => this.onRecord(carrier, kind, seq, pieces),
    });
  }

  private wants(kind: RecordKind, seq: number, length: number): boolean {
    if (kind === RECORD_KIND.control) return this.controlWindow.fresh(seq);
    if (this.ended !== undefined) return false;
    const verdict = this.order.check(seq, length);
    if (verdict === 'full')
      throw new CulvertError('ERR_LIMIT', 'the peer sent more than fits the receive buffer');
    // A duplicate means that the peer lacks an ACK: tell it again.
    if (verdict === 'duplicate') this.acks.received(length);
    return verdict === 'new';
  }

  private onRecord(carrier: Carrier, kind: RecordKind, seq: number, pieces: Buffer[]): void {
    if (kind === RECORD_KIND.control) {
      if (!this.controlWindow.accept(seq)) return;
      const plain = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
      return this.onControl(carrier, decodeControl(plain), seq, plain.length + RECORD_OVERHEAD);
    }
    if (this.ended !== undefined) return;
    let length = 0;
    for (const piece of pieces) length += piece.length;
    this.stats.receivedBytes += length;
    try {
      this.order.put(seq, pieces, (next) => this.deliver(next));
    } catch (error) {
      // The record was sealed by the peer and is malformed inside: no carrier can mend that.
      const known = error instanceof CulvertError;
      this.destroy(known ? error : new CulvertError('ERR_INTERNAL', 'mux failed', { cause: error }));
      return;
    }
    this.acks.received(length);
  }

  private deliver(pieces: Buffer[]): void {
    if (this.user?.onRecord(pieces)) for (const piece of pieces) release(piece);
  }

  private takeAck(): AckState {
    this.acks.taken();
    return this.order.state();
  }

  private applyAck(ack: AckState): void {
    const freed = this.sendBuffer.ack(ack);
    if (freed === false)
      return this.destroy(new CulvertError('ERR_RECORD', 'the peer acknowledged what was never sent'));
    this.progress.below = this.sendBuffer.ackedBelow;
    if (freed === 0) return;
    this.rate.acked(freed, this.sendBuffer.bytes);
    this.pump();
  }

  private onControl(carrier: Carrier, control: Control, seq: number, recordBytes: number): void {
    // A carrier that has the last word to say goes on until it is out.
    if (this.ended !== undefined && control.type !== 'poll' && control.type !== 'answer') return;
    switch (control.type) {
      case 'ack':
        return this.applyAck(control.ack);
      case 'ping':
        if (this.carriers.mayAnswer(carrier))
          carrier.send([this.controls.record({ type: 'pong', token: control.token, ack: this.takeAck() })]);
        return this.applyAck(control.ack);
      case 'pong': {
        const echo = this.echoes.pong(control.token);
        const rtt = echo?.carrier === this.active ? echo?.rttMs : this.liveness.pong(control.token);
        if (rtt !== undefined) {
          this.stats.rttMs = rtt;
          this.stats.minRttMs = Math.min(rtt, this.stats.minRttMs ?? rtt);
        }
        this.applyAck(control.ack);
        return;
      }
      case 'attached':
        this.applyAck(control.ack);
        if (!this.carriers.has(carrier)) return;
        this.watcher.onAttached?.(carrier);
        if (!this.carriers.isOnProbation(carrier) && carrier !== this.active) this.activate(carrier);
        return;
      case 'close':
        return this.destroy(new CulvertError('ERR_CLOSED', 'the peer ended the session'));
      case 'attach':
        this.applyAck(control.ack);
        return this.obey(carrier, { ...control, seq });
      case 'poll':
      case 'answer':
        carrier.onControl?.(control, recordBytes);
        return;
      default:
        assertNever(control);
    }
  }

  // ---- the end --------------------------------------------------------------------------------------------

  /** Ends in order: the peer is told. Idempotent. */
  close(): void {
    if (this.ended !== undefined) return;
    if (this.active !== undefined) this.sender.repeatEarly(this.active);
    this.end(new CulvertError('ERR_CLOSED', 'the session was closed'), this.active);
  }

  /** Ends at once; one that lingers too. Idempotent. */
  destroy(error: CulvertError): void {
    if (this.ended === undefined) return this.end(error, undefined);
    for (const carrier of this.carriers.list()) if (carrier.lingers) carrier.destroy(error);
  }

  /** `over`: the carrier by which the peer is told. */
  private end(error: CulvertError, over: Carrier | undefined): void {
    this.ended = error;
    this.acks.stop();
    this.liveness.stop();
    this.echoes.gone();
    this.sendBuffer.clear();
    if (over !== undefined) endWith(over, this.controls.record({ type: 'close' }));
    for (const carrier of this.carriers.list()) {
      if (error.code !== 'ERR_CLOSED') carrier.destroy(error);
      else if (carrier !== over) carrier.close();
    }
    this.active = undefined;
    this.user?.onSessionEnd(error);
    this.watcher.onEnd?.(error);
    this.carriers.end();
  }
}
