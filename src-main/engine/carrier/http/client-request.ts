import { assertNever, CulvertError, describeError } from '../../base/errors.ts';
import { type Answer, MODE, type Mode, PROBE_SEEN_MS, UNTOLD } from '../../wire/poll.ts';
import type { CarrierRecord, Flow } from '../carrier.ts';
import { proxyAuthError } from '../proxy-answer.ts';
import type { Lane, LaneFailure, LaneSink } from './lane.ts';
import type { Piece } from './record-cutter.ts';
import type { BodyStream, RecordStream } from './record-stream.ts';
import type { ResponseHead } from './response-parser.ts';

interface Failure {
  error: CulvertError;
  /** The server may have it. */
  sent: boolean;
  retryAfterMs: number;
}

export type RequestOutcome =
  | { kind: 'good'; answer: Answer }
  /** A connection that had been idle was closed, or a request was swallowed while others were answered. */
  | ({ kind: 'untouched' } & Failure)
  /** The connection or a gateway gave up. */
  | ({ kind: 'cut' } & Failure)
  /** 413: the body is longer than the path allows. */
  | ({ kind: 'tooLarge' } & Failure)
  /** Somebody else answered. */
  | ({ kind: 'foreign' } & Failure)
  /** No further try can help. */
  | ({ kind: 'fatal' } & Failure);

export interface ClientRequestOptions {
  number: number;
  mode: Mode;
  records: CarrierRecord[];
  /** Instead of records. */
  piece: Piece | undefined;
  /** Length of the body. */
  bytes: number;
  /** What its POLL said about other requests. */
  open: readonly number[];
  named: readonly number[];
  holdMs: number;
  sentAt: number;
  /** How long the body may take on a slow path, ms. */
  transferMs: number;
  lane: Lane;
  /** The lane has no connection yet. */
  fresh: boolean;
  flow: () => Flow;
  push: (flow: Flow, chunk: Buffer) => void;
  learn: (setCookies: readonly string[]) => void;
  now: () => number;
  /** Streamed: its body may be written. */
  onOpen: (request: ClientRequest, body: BodyStream) => void;
  onDrain: () => void;
  onOver: (outcome: RequestOutcome) => void;
}

/** Longest foreign answer that is read to its end, so that the connection can be kept. */
const MAX_FOREIGN = 64 << 10;

/** One request of an HTTP carrier, from its sending to the verdict about its answer. */
export class ClientRequest implements LaneSink {
  readonly number: number;
  readonly mode: Mode;
  /** Its body, where that is streamed. */
  upload: RecordStream | undefined;
  readonly records: CarrierRecord[];
  readonly piece: Piece | undefined;
  readonly bytes: number;
  readonly open: readonly number[];
  readonly named: readonly number[];
  readonly holdMs: number;
  readonly sentAt: number;
  readonly transferMs: number;
  readonly lane: Lane;
  readonly fresh: boolean;
  /** When the server said, in another answer, that it had answered this one. */
  answeredAt: number | undefined;
  /** A later request was at the server before it: it may be lost, and another has to wait there in its stead. */
  unseen = false;
  /** ... and it was given up for that. */
  overtaken = false;
  /** First byte of the answer. */
  heardAt: number | undefined;
  private readonly options: ClientRequestOptions;
  private head: ResponseHead | undefined;
  private flow: Flow | undefined;
  private answer: Answer | undefined;
  /** Body bytes so far, and how many the answer says there are. */
  private got = 0;
  private whole = 0;
  /** When a streamed answer began, and whether its end came well after. */
  private begunAt: number | undefined;
  private apart = false;

  constructor(options: ClientRequestOptions) {
    this.options = options;
    this.number = options.number;
    this.mode = options.mode;
    this.records = options.records;
    this.piece = options.piece;
    this.bytes = options.bytes;
    this.open = options.open;
    this.named = options.named;
    this.holdMs = options.holdMs;
    this.sentAt = options.sentAt;
    this.transferMs = options.transferMs;
    this.lane = options.lane;
    this.fresh = options.fresh;
  }

  /** When it counts as lost. An answer that arrives moves it. */
  deadline(graceMs: number): number {
    return Math.max(this.sentAt + this.holdMs + this.transferMs, this.heardAt ?? 0) + graceMs;
  }

  /** What answers it is the server: a sealed block in front said so. */
  get isOurs(): boolean {
    return this.streamed || this.answer !== undefined;
  }
  /** Its answer streams, or did. */
  get streamed(): boolean {
    return this.begunAt !== undefined;
  }
  /** It showed that the path streams. */
  get isStreaming(): boolean {
    switch (this.mode) {
      case MODE.plain:
        return false;
      case MODE.tryDown:
        return this.apart;
      case MODE.tryUp:
        return this.answer?.apart === true;
      case MODE.down:
        return this.streamed;
      case MODE.up:
        return true;
      default:
        return assertNever(this.mode);
    }
  }

  /** It will not be answered: its connection is cut. */
  giveUp(why: string): void {
    this.lane.abort(new CulvertError('ERR_CARRIER_LOST', why));
  }

  onAnswer(answer: Answer, recordBytes: number): void {
    if (this.answer !== undefined || answer.request !== this.number) return;
    const now = this.options.now();
    if (answer.bytes === UNTOLD) {
      this.begunAt ??= now;
      return;
    }
    this.apart = this.begunAt !== undefined && now - this.begunAt >= PROBE_SEEN_MS;
    this.answer = answer;
    this.whole = recordBytes + answer.bytes;
  }

  onOpen(body: BodyStream): void {
    this.options.onOpen(this, body);
  }

  onDrain(): void {
    this.options.onDrain();
  }

  onHead(head: ResponseHead): void {
    this.head = head;
    this.heardAt = this.options.now();
    if (head.status === 200) {
      this.options.learn(head.setCookies);
      this.flow = this.options.flow();
    }
  }

  onBody(chunk: Buffer): void {
    this.got += chunk.length;
    this.heardAt = this.options.now();
    if (this.flow === undefined) {
      if (this.got > MAX_FOREIGN) this.lane.abort(new CulvertError('ERR_CARRIER_LOST', 'not an answer'));
      return;
    }
    try {
      this.options.push(this.flow, chunk);
    } catch (error) {
      this.flow = undefined;
      if (error instanceof CulvertError && error.code !== 'ERR_RECORD') this.lane.abort(error);
      else if (!(error instanceof CulvertError))
        this.lane.abort(new CulvertError('ERR_INTERNAL', describeError(error), { cause: error }));
    }
  }

  onEnd(): void {
    const { answer, head } = this;
    if (answer !== undefined && this.flow !== undefined && this.got === this.whole) {
      this.options.onOver({ kind: 'good', answer });
      return;
    }
    this.options.onOver(this.judge(head));
  }

  onFail(error: CulvertError, how: LaneFailure): void {
    const failure = { error, sent: how.sent, retryAfterMs: 0 };
    if (this.head !== undefined && this.head.status !== 200) this.options.onOver(this.judge(this.head));
    else if (how.untouched || this.overtaken) this.options.onOver({ kind: 'untouched', ...failure });
    else this.options.onOver({ kind: 'cut', ...failure });
  }

  private judge(head: ResponseHead | undefined): RequestOutcome {
    const status = head?.status ?? 0;
    const said = `HTTP ${status}${head?.reason ? ` ${head.reason}` : ''}`;
    const retryAfterMs = retryAfter(head?.headers.get('retry-after'));
    const failure = (error: CulvertError): Failure => ({ error, sent: true, retryAfterMs });
    const lost = (text: string): Failure => failure(new CulvertError('ERR_CARRIER_LOST', text));
    switch (status) {
      case 200:
        return this.answer !== undefined
          ? { kind: 'cut', ...lost('an answer arrived incomplete') }
          : { kind: 'foreign', ...lost(foreign(head)) };
      case 413:
        return {
          kind: 'tooLarge',
          ...lost(`a gateway refuses a body of ${this.upload?.bytes ?? this.bytes} bytes (${said})`),
        };
      case 407:
        return { kind: 'fatal', ...failure(proxyAuthError(said, false)) };
      case 408:
      case 500:
      case 502:
      case 503:
      case 504:
      case 520:
      case 522:
      case 524:
        return { kind: 'cut', ...lost(`a gateway on the way gave up (${said})`) };
      case 429:
        return { kind: 'foreign', ...lost(`a gateway asks for fewer requests (${said})`) };
      default:
        return { kind: 'foreign', ...lost(`a request was answered as by an ordinary web site (${said})`) };
    }
  }
}

function foreign(head: ResponseHead | undefined): string {
  return head?.headers.get('content-type')?.includes('html')
    ? 'a web page came instead of an answer: perhaps the network asks for a login, or a proxy reports an error'
    : 'an answer is not the server’s';
}

/** Seconds only: a date needs a clock that is right. */
function retryAfter(value: string | undefined): number {
  return value !== undefined && /^[0-9]{1,6}$/.test(value) ? Number(value) * 1000 : 0;
}
