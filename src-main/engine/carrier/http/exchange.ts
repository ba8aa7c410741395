import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Timer } from '../../base/clock.ts';
import type { Poll } from '../../wire/poll.ts';
import type { CarrierRecord } from '../carrier.ts';

/** What the server made of a request: sealed once, sent to every copy of it. */
export interface SealedAnswer {
  readonly parts: readonly Buffer[];
  readonly bytes: number;
  /** The records in it, for another answer should this one not arrive. */
  readonly records: CarrierRecord[];
}

/** Copies of one request served at a time; proxies that retry make two or three. */
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
  holdTimer: Timer | undefined;
  private readonly waiting = new Set<ServerResponse>();

  constructor(poll: Poll, arrivedAt: number, cookie: string | undefined) {
    this.poll = poll;
    this.arrivedAt = arrivedAt;
    this.cookie = cookie;
  }

  /** Somebody would get the answer. */
  get isHeard(): boolean {
    return this.waiting.size > 0;
  }

  /** Reads a copy's body. `onBody` may throw: the copy is then cut. `onWhole` once all of its bytes were read. */
  add(
    request: IncomingMessage,
    response: ServerResponse,
    onBody: (chunk: Buffer) => void,
    onWhole: () => void,
  ): void {
    const ignore = (): void => {};
    request.on('error', ignore);
    response.on('error', ignore);
    if (this.waiting.size >= MAX_COPIES) {
      response.destroy();
      return;
    }
    let bytes = 0;
    let ready = false;
    response.once('close', () => this.waiting.delete(response));
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      try {
        onBody(chunk);
      } catch {
        response.destroy();
      }
    });
    request.on('end', () => {
      if (ready || response.destroyed) return;
      ready = true;
      if (bytes !== this.poll.bytes) {
        // The path cut it: its sender sends it again.
        response.destroy();
        return;
      }
      this.complete = true;
      if (this.answer !== undefined) this.write(response, this.answer);
      else {
        this.waiting.add(response);
        onWhole();
      }
    });
  }

  /** Answers all copies there are, and those that come. */
  settle(answer: SealedAnswer): void {
    this.holdTimer?.cancel();
    this.answer = answer;
    for (const response of this.waiting) this.write(response, answer);
    this.waiting.clear();
  }

  /** Forgets it; copies that wait are cut. */
  drop(): void {
    this.holdTimer?.cancel();
    for (const response of this.waiting) response.destroy();
    this.waiting.clear();
  }

  private write(response: ServerResponse, answer: SealedAnswer): void {
    writeAnswer(response, answer, this.cookie);
  }
}

export function writeAnswer(
  response: ServerResponse,
  answer: { parts: readonly Buffer[]; bytes: number },
  cookie?: string,
): void {
  const headers: Record<string, string | number> = {
    'Content-Type': 'application/octet-stream',
    'Content-Length': answer.bytes,
    'Cache-Control': 'no-store, no-transform',
    'X-Accel-Buffering': 'no',
  };
  if (cookie !== undefined) headers['Set-Cookie'] = `${cookie}; Path=/; HttpOnly`;
  response.cork();
  response.writeHead(200, headers);
  for (const part of answer.parts) response.write(part);
  response.end();
  response.uncork();
}
