import type { Clock } from '../../base/clock.ts';
import { PROBE_GAP_MS, UNTOLD } from '../../wire/poll.ts';
import type { CarrierRecord } from '../carrier.ts';
import type { Exchange } from './exchange.ts';
import { STREAM_BYTES } from './limits.ts';
import type { Outbox } from './outbox.ts';
import { RecordStream } from './record-stream.ts';

export interface ServerStreamsOptions {
  clock: Clock;
  /** A sealed ANSWER of this request, about `bytes` bytes. */
  block: (exchange: Exchange, bytes: number) => Buffer;
  schedule: () => void;
  /** What of a stream is not known to have arrived. */
  onLost: (records: CarrierRecord[]) => void;
}

/** The answers that the server's end streams: one with data at a time, and tries. */
export class ServerStreams {
  private readonly options: ServerStreamsOptions;
  private stream: RecordStream | undefined;

  constructor(options: ServerStreamsOptions) {
    this.options = options;
  }

  /** There is one: data goes there. */
  get isOpen(): boolean {
    return this.stream !== undefined;
  }

  /** Hands over what it can take; returns the bytes. */
  send(outbox: Outbox): number {
    return this.stream?.send(outbox) ?? 0;
  }

  /** Streams the answer. False: it cannot be streamed. */
  begin(exchange: Exchange): boolean {
    const { clock, block, schedule, onLost } = this.options;
    const body = exchange.open(schedule);
    if (body === undefined) return false;
    const stream: RecordStream = new RecordStream({
      body,
      first: block(exchange, UNTOLD),
      last: (bytes) => block(exchange, bytes),
      holdMs: exchange.poll.holdMs,
      maxBytes: STREAM_BYTES,
      clock,
      onEnd: (lost, broken) => {
        if (this.stream === stream) this.stream = undefined;
        if (broken) exchange.drop();
        onLost(lost);
      },
    });
    exchange.stream = stream;
    const before = this.stream;
    this.stream = stream;
    // The new one is there before the old one ends.
    before?.end();
    schedule();
    return true;
  }

  /** Two blocks and no data: whether they arrive apart tells the client whether the path hands on what it has. */
  try(exchange: Exchange): boolean {
    const { clock, block } = this.options;
    const body = exchange.open(() => {});
    if (body === undefined) return false;
    const first = block(exchange, UNTOLD);
    body.write([first], () => {});
    exchange.holdTimer = clock.after(PROBE_GAP_MS, () => {
      body.write([block(exchange, first.length)], () => {});
      body.end();
    });
    return true;
  }
}
