import type { Clock } from '../base/clock.ts';
import type { Muxer } from '../mux/muxer.ts';
import type { OpenOptions, StreamEvents, StreamOpener, Target, TunnelStream } from '../mux/types.ts';
import { STREAM_PROTOCOL } from '../wire/frame.ts';
import { PendingStream } from './pending-stream.ts';

/** TCP is what every server serves. */
const NOT_SERVED = 'the server is of an older version, which does not forward UDP';

export interface TunnelOptions {
  dialTimeoutMs: number;
  /** Streams that may wait for a session at a time. */
  maxWaiting: number;
  clock: Clock;
}

/**
 * What listeners open streams on. Sessions come and go beneath it; a stream asked for in between waits up to the
 * dial timeout.
 */
export class Tunnel implements StreamOpener {
  private readonly options: TunnelOptions;
  private mux: Muxer | undefined;
  private readonly waiting = new Set<PendingStream>();

  constructor(options: TunnelOptions) {
    this.options = options;
  }

  get waitingStreams(): number {
    return this.waiting.size;
  }

  open(target: Target, events: StreamEvents, options: OpenOptions = {}): TunnelStream {
    const served = this.mux?.peerServes(options.protocol ?? STREAM_PROTOCOL.tcp) ?? true;
    const direct = served ? this.mux?.open(target, events, options) : undefined;
    if (direct !== undefined) return direct;
    const pending = new PendingStream(target, events, options, (over) => {
      timer.cancel();
      this.waiting.delete(over);
    });
    const full =
      (this.mux !== undefined && !this.mux.isDraining) || this.waiting.size >= this.options.maxWaiting;
    const wait = full || !served ? 0 : this.options.dialTimeoutMs;
    const why = full ? 'too many connections are open' : 'the server could not be reached in time';
    const timer = this.options.clock.after(wait, () => {
      if (served) pending.fail(why);
      else pending.fail(NOT_SERVED, 'unsupported');
    });
    if (wait > 0) this.waiting.add(pending);
    return pending;
  }

  /** A session is there. */
  up(mux: Muxer): void {
    this.mux = mux;
    for (const stream of [...this.waiting]) {
      if (mux.peerServes(stream.protocol)) stream.become((...args) => mux.open(...args));
      else stream.fail(NOT_SERVED, 'unsupported');
    }
  }

  /** The session is gone for good; the next streams wait for another. */
  down(): void {
    this.mux = undefined;
  }

  /** The client stops. */
  close(): void {
    this.mux = undefined;
    for (const stream of [...this.waiting]) stream.fail('the client is stopping');
  }
}
