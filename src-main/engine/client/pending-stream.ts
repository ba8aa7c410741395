import type {
  DatagramCounters,
  OpenFailure,
  OpenOptions,
  ResetReason,
  StreamCounters,
  StreamEvents,
  Target,
  TunnelStream,
} from '../mux/types.ts';
import { STREAM_PROTOCOL } from '../wire/frame.ts';

/**
 * A stream asked for while there is no session: it keeps what was written (its user is told to stop after the
 * first chunk) and becomes a real stream once there is one.
 */
export class PendingStream implements TunnelStream {
  readonly target: Target;
  private events: StreamEvents;
  private real: TunnelStream | undefined;
  private readonly early: Buffer[] = [];
  private ended = false;
  private over = false;
  private readonly noCounters: StreamCounters = { sent: 0, received: 0 };
  private readonly onOver: (stream: PendingStream) => void;

  private readonly options: OpenOptions;

  constructor(
    target: Target,
    events: StreamEvents,
    options: OpenOptions,
    onOver: (stream: PendingStream) => void,
  ) {
    this.options = options;
    this.target = target;
    this.events = events;
    this.onOver = onOver;
  }

  /** One of STREAM_PROTOCOL. */
  get protocol(): number {
    return this.options.protocol ?? STREAM_PROTOCOL.tcp;
  }
  get datagrams(): DatagramCounters | undefined {
    return this.options.datagrams;
  }
  get id(): number {
    return this.real?.id ?? 0;
  }
  get counters(): StreamCounters {
    return this.real?.counters ?? this.noCounters;
  }

  listen(events: StreamEvents): void {
    this.events = events;
    this.real?.listen(events);
  }

  write(chunk: Buffer): boolean {
    if (this.real !== undefined) return this.real.write(chunk);
    if (!this.over) this.early.push(chunk);
    return false;
  }

  writeBorrowed(chunk: Buffer): boolean {
    if (this.real !== undefined) return this.real.writeBorrowed(chunk);
    return this.write(Buffer.from(chunk));
  }

  end(): void {
    this.ended = true;
    this.real?.end();
  }

  reset(reason: ResetReason): void {
    if (this.real !== undefined) return this.real.reset(reason);
    if (this.over) return;
    this.finish();
    this.events.onReset(reason);
  }

  consumed(bytes: number): void {
    this.real?.consumed(bytes);
  }

  /** There is a session now. `open` gives a stream on it, or undefined when it takes no more. */
  become(
    open: (target: Target, events: StreamEvents, options?: OpenOptions) => TunnelStream | undefined,
  ): void {
    if (this.over) return;
    const real = open(this.target, this.events, this.options);
    if (real === undefined) return this.fail('too many connections are open');
    this.real = real;
    this.finish();
    let room = true;
    for (const chunk of this.early) room = real.write(chunk);
    this.early.length = 0;
    if (this.ended) real.end();
    else if (room) this.events.onDrain?.();
  }

  /** No session came in time, or it has no room for it, or no use. */
  fail(message: string, failure: OpenFailure = 'noSession'): void {
    if (this.over) return;
    this.finish();
    this.options.meter?.streamOpened(this);
    this.options.meter?.streamClosed(this, true);
    this.events.onOpenFailed?.(failure, message);
  }

  private finish(): void {
    this.over = true;
    this.onOver(this);
  }
}
