import { BodyScanner } from './body-scan.ts';
import type { RawHandler, RequestClaim } from './front-hooks.ts';
import type { FrontLimits } from './front-limits.ts';
import { type BodyLength, HeadScanner, type RequestHead } from './head-scan.ts';

/** `raw`: the tunnel's, served on the bare socket. */
type Route = 'cover' | 'raw';

/** The connection, as its requests see it. */
export interface RequestSink {
  /** Sends bytes to the cover. */
  deliver(bytes: Buffer): void;
  /** The last request was the tunnel's. */
  isTunnel(): boolean;
  /** True: the tunnel took the connection. `after`: the bytes behind the head. */
  offerUpgrade(head: RequestHead, after: Buffer): boolean;
  offerRequest(head: RequestHead): RequestClaim;
  /** A request for the bare socket begins; its body follows without its coding. */
  beginRaw(handler: RawHandler, head: RequestHead): void;
  rawBody(content: Buffer): void;
  /** `whole`: false when the coding was violated. */
  endRaw(whole: boolean): void;
}

/**
 * `head`: between requests, or inside a head. `body`: the rest of a body goes where its head went. `opaque`: not to be
 * understood any more, the rest goes the same way.
 */
type State = 'head' | 'body' | 'opaque';

const EMPTY = Buffer.alloc(0);

/**
 * Follows the requests on one connection and finds out whose they are. Bytes leave in the order in which they came,
 * and at once, an unfinished head too: the cover's rules for slow and broken heads are the ones that show. Only the last
 * bytes of a head wait, for the hook that is called with it in the same turn.
 */
export class FrontRequests {
  private readonly sink: RequestSink;
  private readonly scanner: HeadScanner;
  private body = new BodyScanner({ kind: 'none' });
  private state: State = 'head';
  private route: Route = 'cover';
  /** The cover has begun to answer the last request it got. */
  private answered = true;
  /** The beginning of the present head went to the cover as it came. */
  private headPassed = false;
  /** The cover spoke since. */
  private spokeInHead = false;

  constructor(sink: RequestSink, limits: FrontLimits) {
    this.sink = sink;
    this.scanner = new HeadScanner(limits.maxHeadBytes);
  }

  /** Between requests; nothing of the cover's answer is known to be missing. */
  get isIdle(): boolean {
    return this.state === 'head' && this.scanner.size === 0 && this.answered;
  }

  /** Inside a body that is handed on at once and not kept. */
  get isInRawBody(): boolean {
    return this.state === 'body' && this.route === 'raw';
  }

  /** The cover sent bytes. */
  coverSpoke(): void {
    this.answered = true;
    this.spokeInHead = true;
  }

  /** Takes bytes from the front of `rest`, at least one; returns the others. */
  step(rest: Buffer): Buffer {
    switch (this.state) {
      case 'opaque':
        if (this.route === 'cover') this.sink.deliver(rest);
        return EMPTY;
      case 'body': {
        if (this.route === 'raw') return this.stepRaw(rest);
        const taken = this.body.take(rest);
        this.afterBody();
        this.sink.deliver(rest.subarray(0, taken));
        return rest.subarray(taken);
      }
      default:
        return this.stepHead(rest);
    }
  }

  private stepHead(rest: Buffer): Buffer {
    const before = this.scanner.size;
    const result = this.scanner.push(rest);
    switch (result.kind) {
      case 'more':
        // After a claimed request the peer is known: its head can wait for its end.
        if (this.sink.isTunnel()) return EMPTY;
        if (before === 0) this.spokeInHead = false;
        this.headPassed = true;
        this.sink.deliver(rest);
        return EMPTY;
      case 'opaque': {
        const unseen = before === 0 || this.headPassed ? rest : Buffer.concat([this.scanner.taken(), rest]);
        this.state = 'opaque';
        this.route = 'cover';
        this.sink.deliver(unseen);
        return EMPTY;
      }
      default: {
        const unseen = this.headPassed ? rest.subarray(0, result.taken) : result.head.bytes;
        return this.decide(result.head, unseen, rest.subarray(result.taken));
      }
    }
  }

  private decide(head: RequestHead, unseen: Buffer, after: Buffer): Buffer {
    const mayOffer = this.mayOffer(head);
    this.headPassed = false;
    if (!mayOffer) {
      this.pass(unseen, head.body);
      return after;
    }
    if (head.upgrade) {
      if (head.body.kind === 'none' && this.sink.offerUpgrade(head, after)) return EMPTY;
      this.pass(unseen, head.body);
      return after;
    }
    const claim = this.sink.offerRequest(head);
    if (claim === false) {
      this.pass(unseen, head.body);
    } else {
      this.sink.beginRaw(claim, head);
      this.startBody('raw', head.body);
      if (this.body.done) this.sink.endRaw(true);
    }
    return after;
  }

  /**
   * Not offered: a request of doubtful length; one that the cover has begun to answer before its head was complete;
   * one sent before the answer to the last, because the tunnel's answer could overtake the cover's.
   */
  private mayOffer(head: RequestHead): boolean {
    if (head.body.kind === 'opaque') return false;
    if (this.sink.isTunnel()) return true;
    return this.answered && !(this.headPassed && this.spokeInHead);
  }

  /** A request of the cover's. */
  private pass(bytes: Buffer, length: BodyLength): void {
    this.startBody('cover', length);
    this.sink.deliver(bytes);
  }

  private startBody(route: Route, length: BodyLength): void {
    this.route = route;
    this.answered = route !== 'cover';
    this.body = new BodyScanner(length);
    this.state = 'body';
    this.afterBody();
  }

  private stepRaw(rest: Buffer): Buffer {
    const { body } = this;
    const taken = body.take(rest, (content) => this.sink.rawBody(content));
    this.afterBody();
    if (body.done || body.broken) this.sink.endRaw(body.done);
    return rest.subarray(taken);
  }

  private afterBody(): void {
    if (this.body.broken) this.state = 'opaque';
    else if (this.body.done) this.state = 'head';
  }
}
