import { creditFrame, FRAME_HEADER } from '../wire/frame.ts';
import type { MuxStream } from './stream.ts';
import type { TokenBucket } from './throttle.ts';

const FRAME_BYTES = FRAME_HEADER + 4;

/** Streams whose readers made room: the credit for it waits to be granted. */
export class CreditQueue {
  private streams: MuxStream[] = [];
  private readonly bucket: TokenBucket | undefined;
  private readonly onThrottled: () => void;

  /** `onThrottled`: credit waits until the bucket has something. */
  constructor(bucket: TokenBucket | undefined, onThrottled: () => void) {
    this.bucket = bucket;
    this.onThrottled = onThrottled;
  }

  get isEmpty(): boolean {
    return this.streams.length === 0;
  }

  push(stream: MuxStream): void {
    this.streams.push(stream);
  }

  clear(): void {
    this.streams = [];
  }

  /** Adds CREDIT frames of together at most `limit` bytes to `parts`; returns their bytes. */
  pull(parts: Buffer[], limit: number): number {
    if (this.streams.length === 0) return 0;
    let length = 0;
    let done = 0;
    for (const stream of this.streams) {
      if (length + FRAME_BYTES > limit) break;
      if (this.isThrottled()) break;
      done++;
      length += this.grant(stream, parts);
    }
    if (done === this.streams.length) this.streams = [];
    else this.streams.splice(0, done);
    return length;
  }

  /** The same for those that `may` go early; the others keep their places. */
  pullSome(parts: Buffer[], limit: number, may: (stream: MuxStream) => boolean): number {
    let length = 0;
    let throttled = false;
    this.streams = this.streams.filter((stream) => {
      if (throttled || length + FRAME_BYTES > limit || !may(stream)) return true;
      throttled = this.isThrottled();
      if (throttled) return true;
      length += this.grant(stream, parts);
      return false;
    });
    return length;
  }

  private isThrottled(): boolean {
    if (this.bucket === undefined || this.bucket.available() > 0) return false;
    this.onThrottled();
    return true;
  }

  private grant(stream: MuxStream, parts: Buffer[]): number {
    if (stream.pendingCredit === 0 || stream.isClosed) return 0;
    this.bucket?.take(stream.pendingCredit);
    parts.push(creditFrame(stream.id, stream.pendingCredit));
    stream.pendingCredit = 0;
    return FRAME_BYTES;
  }
}
