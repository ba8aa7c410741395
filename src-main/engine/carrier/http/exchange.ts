import type { Timer } from '../../base/clock.ts';
import { type Poll, UNTOLD } from '../../wire/poll.ts';
import type { CarrierRecord } from '../carrier.ts';
import type { BodyStream, RecordStream } from './record-stream.ts';

/** One delivery of a request, at the server. */
export interface RequestCopy {
  /** Status 200 with these header lines, each with its CRLF. Once. `onWritten`: the parts have left the process. */
  respond(lines: string, parts: readonly Buffer[], onWritten?: () => void): void;
  /** The same with a body that is made as it goes; undefined where that cannot be. */
  open(lines: string, onDrain: () => void): BodyStream | undefined;
  /** Cuts the connection. */
  destroy(): void;
}

/** What becomes of a delivery. */
export interface CopySink {
  /** Part of the body; valid during the call. */
  onBody(chunk: Buffer): void;
  /** The body arrived whole, as far as HTTP tells. */
  onEnd(): void;
  /** Answered, or the connection is gone. */
  onClose(): void;
}

/** What the server made of a request: sealed once, sent to every copy of it. */
export interface SealedAnswer {
  readonly parts: readonly Buffer[];
  readonly bytes: number;
  /** The records in it, for another answer should this one not arrive. */
  readonly records: CarrierRecord[];
}

const HEADERS =
  'Content-Type: application/octet-stream\r\nCache-Control: no-store, no-transform\r\nX-Accel-Buffering: no\r\n';

/** Copies of one request read or served at a time; proxies that retry make two or three. */
const MAX_COPIES = 4;

/**
 * One numbered request at the server. A proxy may deliver it more than once, at once or in a row: each copy gets
 * the same answer, byte for byte.
 */
export class Exchange {
  readonly poll: Poll;
  readonly arrivedAt: number;
  /** Value of a `Set-Cookie` header. */
  readonly cookie: string | undefined;
  /** One copy arrived whole. */
  complete = false;
  answer: SealedAnswer | undefined;
  /** Its answer is, or was, streamed. */
  stream: RecordStream | undefined;
  /** Length of a streamed body, once its end was read. */
  told: number | undefined;
  /** When the first block of a streamed body came. */
  begunAt: number | undefined;
  /** The blocks of a try came apart. */
  apart = false;
  holdTimer: Timer | undefined;
  /** No copy sends the answer any more. */
  onWritten: (() => void) | undefined;
  private readonly waiting = new Set<RequestCopy>();
  private streaming: RequestCopy | undefined;
  private writing = 0;
  /** Those that are read or wait. */
  private copies = 0;

  constructor(poll: Poll, arrivedAt: number, cookie: string | undefined) {
    this.poll = poll;
    this.arrivedAt = arrivedAt;
    this.cookie = cookie;
  }

  /**
   * No copy still sends the answer. One that arrived may be on its way to another copy's connection that stands still:
   * its memory must not be given back then.
   */
  get isWritten(): boolean {
    return this.writing === 0;
  }

  /** Somebody would get the answer. */
  get isHeard(): boolean {
    return this.waiting.size > 0 || this.streaming !== undefined;
  }

  /** Reads a copy's body. `onBody` may throw: the copy is then cut. `onWhole` once all of its bytes were read. */
  add(
    copy: RequestCopy,
    onBody: (chunk: Buffer) => void,
    onWhole: () => void,
    onClose: () => void,
  ): CopySink {
    let bytes = 0;
    let broken = this.copies >= MAX_COPIES;
    const counts = !broken;
    if (counts) this.copies++;
    return {
      onBody: (chunk) => {
        bytes += chunk.length;
        broken ||= bytes > this.poll.bytes;
        if (broken) return;
        try {
          onBody(chunk);
        } catch {
          broken = true;
        }
      },
      onEnd: () => {
        const whole = this.poll.bytes === UNTOLD ? this.told : this.poll.bytes;
        // What is or was streamed to one copy cannot be said again to another.
        const streamed = this.stream !== undefined || this.streaming !== undefined;
        if (broken || bytes !== whole || streamed) {
          // The path damaged it: its sender sends it again.
          copy.destroy();
          return;
        }
        this.complete = true;
        if (this.answer !== undefined) this.write(copy, this.answer);
        else {
          this.waiting.add(copy);
          onWhole();
        }
      },
      onClose: () => {
        if (counts) this.copies--;
        this.waiting.delete(copy);
        if (this.streaming === copy) this.streaming = undefined;
        onClose();
      },
    };
  }

  /** Begins a streamed answer, to one copy alone. Undefined where that cannot be. */
  open(onDrain: () => void): BodyStream | undefined {
    const [copy] = this.waiting;
    if (this.waiting.size !== 1 || copy === undefined) return undefined;
    const body = copy.open(HEADERS, onDrain);
    if (body === undefined) return undefined;
    this.holdTimer?.cancel();
    this.waiting.delete(copy);
    this.streaming = copy;
    return body;
  }

  /** Answers all copies there are, and those that come. */
  settle(answer: SealedAnswer): void {
    this.holdTimer?.cancel();
    this.answer = answer;
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const copy of waiting) this.write(copy, answer);
  }

  /** Forgets it; copies that wait are cut. */
  drop(): void {
    this.holdTimer?.cancel();
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const copy of waiting) copy.destroy();
    const { streaming } = this;
    this.streaming = undefined;
    streaming?.destroy();
  }

  private write(copy: RequestCopy, answer: SealedAnswer): void {
    this.writing++;
    writeAnswer(copy, answer, this.cookie, () => {
      this.writing--;
      if (this.writing === 0) this.onWritten?.();
    });
  }
}

export function writeAnswer(
  copy: RequestCopy,
  answer: { parts: readonly Buffer[]; bytes: number },
  cookie?: string,
  onWritten?: () => void,
): void {
  const extra = cookie === undefined ? '' : `Set-Cookie: ${cookie}; Path=/; HttpOnly\r\n`;
  copy.respond(`${HEADERS}Content-Length: ${answer.bytes}\r\n${extra}`, answer.parts, onWritten);
}
