import type { Clock } from '../../base/clock.ts';
import { MAX_POLL_NUMBERS, MODE, type Mode, UNTOLD } from '../../wire/poll.ts';
import type { CarrierEvents, CarrierRecord } from '../carrier.ts';
import { ClientRequest, type ClientRequestOptions } from './client-request.ts';
import type { KeptLane } from './lane-pool.ts';
import { MAX_BODY, PARK_BODY } from './limits.ts';
import { partsOf } from './outbox.ts';
import type { Path } from './path.ts';
import type { Piece } from './record-cutter.ts';
import type { RequestForm } from './request-form.ts';

/** What a request is to take along. */
export interface Load {
  mode?: Mode;
  records?: CarrierRecord[];
  piece?: Piece;
  /** Bytes of the body. */
  bytes?: number;
  /** How long the server may keep it, ms; of a streamed body, how long that may last. */
  holdMs: number;
}

export interface RequestTableOptions {
  /** See `Poll.carrier`. */
  id: number;
  form: RequestForm;
  path: Path;
  clock: Clock;
  /** The first bytes, or more, of an answer that verified. */
  onHeard: (request: ClientRequest, bytes: number) => void;
  onOpen: ClientRequestOptions['onOpen'];
  onDrain: () => void;
  onOver: (request: ClientRequest, ...rest: Parameters<ClientRequestOptions['onOver']>) => void;
}

/** A path is not taken to be slower than this, bytes per second. */
const SLOWEST = 64_000;

const isStreamedUp = (mode: Mode): boolean => mode === MODE.up || mode === MODE.tryUp;

/** The requests of one HTTP carrier that are under way, and the numbers of those that came to nothing. */
export class RequestTable {
  readonly inFlight = new Map<number, ClientRequest>();
  /** Given up; named until a request that named them is answered. */
  readonly lost = new Set<number>();
  /** The request whose answer is being read. */
  receiving: ClientRequest | undefined;
  private readonly options: RequestTableOptions;
  private nextNumber = 1;

  constructor(options: RequestTableOptions) {
    this.options = options;
  }

  /** Requests that wait for data at the server, or will. */
  get polls(): number {
    let polls = 0;
    for (const { mode, bytes, unseen } of this.inFlight.values())
      if (mode === MODE.plain && bytes <= PARK_BODY && !unseen) polls++;
    return polls;
  }
  get uploadBytes(): number {
    let sum = 0;
    for (const { bytes } of this.inFlight.values()) sum += bytes;
    return sum;
  }
  /** Some request takes data up. */
  get isUploading(): boolean {
    for (const { bytes, upload } of this.inFlight.values())
      if (bytes > 0 || upload !== undefined) return true;
    return false;
  }
  /** The server is being told of every answer that did not arrive. */
  get isTold(): boolean {
    if (this.lost.size === 0) return true;
    for (const { named } of this.inFlight.values()) {
      if (named.length >= this.lost.size && [...this.lost].every((number) => named.includes(number)))
        return true;
    }
    return false;
  }

  /** The newest of a kind. */
  newest(mode: Mode): ClientRequest | undefined {
    let found: ClientRequest | undefined;
    for (const request of this.inFlight.values()) if (request.mode === mode) found = request;
    return found;
  }

  post(kept: KeptLane, events: CarrierEvents, load: Load): ClientRequest {
    const { options } = this;
    const { form, clock, path } = options;
    const { mode = MODE.plain, records = [], piece, bytes = 0, holdMs } = load;
    const number = this.nextNumber++;
    const open = [...this.inFlight.keys()];
    const named = [...this.lost].slice(0, MAX_POLL_NUMBERS);
    const flight = events.seal({
      type: 'poll',
      carrier: options.id,
      request: number,
      bytes: isStreamedUp(mode) ? UNTOLD : bytes,
      holdMs,
      wantBytes: Math.floor(path.down.body(MAX_BODY)),
      park: path.wantPolls + 1,
      open,
      lost: named,
      piece: piece?.number ?? 0,
      offset: piece?.offset ?? 0,
      mode,
    });
    const request: ClientRequest = new ClientRequest({
      number,
      mode,
      records,
      piece,
      bytes,
      open,
      named,
      holdMs,
      sentAt: clock.now(),
      transferMs: (bytes * 1000) / Math.max(SLOWEST, path.up.rate / 4),
      lane: kept.lane,
      fresh: !kept.lane.isOpen,
      flow: () => events.openFlow(),
      push: (flow, chunk) => {
        this.receiving = request;
        try {
          flow.push(chunk);
        } finally {
          this.receiving = undefined;
        }
        options.onHeard(request, chunk.length);
      },
      learn: (cookies) => form.learn(cookies),
      now: () => clock.now(),
      onOpen: options.onOpen,
      onDrain: options.onDrain,
      onOver: (outcome) => {
        kept.idleSince = clock.now();
        this.inFlight.delete(number);
        options.onOver(request, outcome);
      },
    });
    this.inFlight.set(number, request);
    if (isStreamedUp(mode)) kept.lane.stream(form.head(flight, 'chunked'), request);
    else kept.lane.request(form.head(flight, bytes), piece ? [piece.bytes] : partsOf(records), request);
    return request;
  }
}
