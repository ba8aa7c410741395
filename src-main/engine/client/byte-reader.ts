import type { Readable, Writable } from 'node:stream';
import type { More } from './step.ts';

/** Bytes read ahead of the consumer before the source is paused. */
export const READ_AHEAD_BYTES = 64 * 1024;

/**
 * Pulls chunks from a readable, with put-back. It keeps reading up to READ_AHEAD_BYTES while nobody asks, so
 * that the end or the loss of the source is noticed early.
 */
export class ByteReader {
  private readonly source: Readable;
  private readonly queue: Buffer[] = [];
  private queued = 0;
  private ended: boolean;
  private failure: Error | undefined;
  private waiter: { resolve(chunk: Buffer | null): void; reject(error: Error): void } | undefined;

  constructor(source: Readable) {
    this.source = source;
    this.ended = source.readableEnded;
    if (source.destroyed && !this.ended) this.failure = source.errored ?? closedEarly();
    source.on('data', this.onData).on('end', this.onEnd).on('error', this.onError).on('close', this.onClose);
  }

  /** Nothing is buffered and the source is still open. */
  get idle(): boolean {
    return this.queued === 0 && !this.ended && this.failure === undefined;
  }

  /** The next bytes, or null at the end. Rejects with the source's error, or when it closed before its end. */
  next(): Promise<Buffer | null> {
    const chunk = this.queue.shift();
    if (chunk !== undefined) {
      this.queued -= chunk.length;
      if (this.queued === 0 && !this.source.destroyed) this.source.resume();
      return Promise.resolve(chunk);
    }
    if (this.ended) return Promise.resolve(null);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.waiter = { resolve, reject };
    });
  }

  /** Gives bytes back: the next `next` returns them first. */
  putBack(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.queue.unshift(chunk);
    this.queued += chunk.length;
  }

  /**
   * Stops reading and returns what was read but not taken. The source is left flowing: the caller attaches its
   * own listeners in the same turn.
   */
  detach(): Buffer {
    const { source } = this;
    source
      .off('data', this.onData)
      .off('end', this.onEnd)
      .off('error', this.onError)
      .off('close', this.onClose);
    source.resume();
    const rest = this.queue.length === 1 ? this.queue[0] : Buffer.concat(this.queue);
    this.queue.length = 0;
    this.queued = 0;
    this.onError(closedEarly());
    return rest;
  }

  private readonly onData = (chunk: Buffer): void => {
    const waiter = this.waiter;
    if (waiter !== undefined) {
      this.waiter = undefined;
      waiter.resolve(chunk);
      return;
    }
    this.queue.push(chunk);
    this.queued += chunk.length;
    if (this.queued >= READ_AHEAD_BYTES) this.source.pause();
  };

  private readonly onEnd = (): void => {
    this.ended = true;
    this.waiter?.resolve(null);
    this.waiter = undefined;
  };

  private readonly onError = (error: Error): void => {
    this.failure ??= error;
    this.waiter?.reject(error);
    this.waiter = undefined;
  };

  private readonly onClose = (): void => {
    if (!this.ended) this.onError(this.source.errored ?? closedEarly());
  };
}

/**
 * Reads until `parse` has an answer; what follows the message goes back to the reader. `ended` when the source
 * ended first, `empty` telling whether that was before its first byte. The parser caps what is collected.
 */
export async function readMessage<T extends { readonly kind: string }>(
  reader: ByteReader,
  parse: (bytes: Buffer) => More | T,
  onFirstByte?: () => void,
): Promise<T | { readonly kind: 'ended'; readonly empty: boolean }> {
  let bytes: Buffer | undefined;
  for (;;) {
    const chunk = await reader.next();
    if (chunk === null) return { kind: 'ended', empty: bytes === undefined };
    if (bytes === undefined) onFirstByte?.();
    bytes = bytes === undefined ? chunk : Buffer.concat([bytes, chunk]);
    const step = parse(bytes);
    if (isMore(step)) continue;
    if ('rest' in step && step.rest instanceof Buffer) reader.putBack(step.rest);
    return step;
  }
}

/** Writes, and waits for room. False when the destination is closed: the bytes may be lost. */
export async function writeTo(destination: Writable, chunk: Buffer): Promise<boolean> {
  if (!destination.writable) return false;
  if (chunk.length === 0 || destination.write(chunk)) return true;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      destination.off('drain', done).off('close', done);
      resolve();
    };
    destination.on('drain', done).on('close', done);
  });
  return destination.writable;
}

function isMore(step: More | { readonly kind: string }): step is More {
  return step.kind === 'more';
}

function closedEarly(): Error {
  return Object.assign(new Error('the connection closed before its end'), { code: 'ECONNRESET' });
}
