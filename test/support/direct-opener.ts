import { connect, type Socket } from 'node:net';
import { systemCode } from '../../src-main/engine/base/errors.ts';
import type {
  OpenFailure,
  ResetReason,
  StreamEvents,
  StreamOpener,
  Target,
  TunnelStream,
} from '../../src-main/engine/mux/types.ts';

const FAILURES: Readonly<Record<string, OpenFailure>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'hostUnreachable',
  ENETUNREACH: 'networkUnreachable',
  ENOTFOUND: 'nameNotFound',
};

export interface DirectOptions {
  /** Names that stand for 127.0.0.1. Any other name is not found: nothing is looked up. */
  readonly names?: readonly string[];
  /** Targets, as `host:port`, that fail without being dialled. */
  readonly failures?: Readonly<Record<string, OpenFailure>>;
  /** Unconsumed bytes after which the far end is no longer read, as a window would do. Default 256 KiB. */
  readonly window?: number;
}

/** A tunnel of length zero: opens streams by dialling from this process. Keeps what it was asked for. */
export class DirectOpener implements StreamOpener {
  readonly targets: Target[] = [];
  readonly streams: DirectStream[] = [];
  private readonly options: DirectOptions;

  constructor(options: DirectOptions = {}) {
    this.options = options;
  }

  open(target: Target, events: StreamEvents): DirectStream {
    this.targets.push(target);
    const failure = this.options.failures?.[`${target.host}:${target.port}`] ?? this.unknownName(target.host);
    const window = this.options.window ?? 256 * 1024;
    const stream = new DirectStream(this.streams.length + 1, target, events, window, failure);
    this.streams.push(stream);
    return stream;
  }

  /** Streams that are neither closed nor failed. */
  get live(): number {
    return this.streams.filter((stream) => !stream.closed).length;
  }

  destroy(): void {
    for (const stream of this.streams) stream.reset('shutdown');
  }

  private unknownName(host: string): OpenFailure | undefined {
    const known = host === '127.0.0.1' || this.options.names?.includes(host);
    return known ? undefined : 'nameNotFound';
  }
}

export class DirectStream implements TunnelStream {
  readonly id: number;
  readonly target: Target;
  readonly counters = { sent: 0, received: 0 };
  closed = false;
  /** The most bytes that were received and not consumed. */
  peak = 0;
  private events: StreamEvents;
  private readonly socket: Socket | undefined;
  private readonly window: number;
  private unconsumed = 0;

  constructor(
    id: number,
    target: Target,
    events: StreamEvents,
    window: number,
    failure: OpenFailure | undefined,
  ) {
    this.id = id;
    this.target = target;
    this.events = events;
    this.window = window;
    if (failure !== undefined) {
      setImmediate(() => this.finish(() => this.events.onOpenFailed?.(failure, `test says ${failure}`)));
      return;
    }
    const socket = connect({ port: target.port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket = socket;
    let opened = false;
    socket.on('connect', () => {
      opened = true;
      this.events.onOpened?.();
    });
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('end', () => this.events.onEnd());
    socket.on('drain', () => this.events.onDrain?.());
    socket.on('error', (error) => {
      const code = systemCode(error) ?? '';
      this.finish(() => {
        if (opened) this.events.onReset('reset');
        else this.events.onOpenFailed?.(FAILURES[code] ?? 'internal', code);
      });
    });
    socket.on('close', () => this.finish(() => this.events.onClosed?.()));
  }

  listen(events: StreamEvents): void {
    this.events = events;
  }

  writeBorrowed(chunk: Buffer): boolean {
    return this.write(Buffer.from(chunk));
  }

  write(chunk: Buffer): boolean {
    if (this.closed || this.socket === undefined) return true;
    this.counters.sent += chunk.length;
    return this.socket.write(chunk);
  }

  end(): void {
    if (!this.closed) this.socket?.end();
  }

  reset(reason: ResetReason): void {
    this.finish(() => {
      this.socket?.resetAndDestroy();
      this.events.onReset(reason);
    });
  }

  consumed(bytes: number): void {
    this.unconsumed -= bytes;
    if (this.unconsumed < 0) throw new Error('more was consumed than received');
    if (this.unconsumed < this.window) this.socket?.resume();
  }

  private receive(chunk: Buffer): void {
    if (this.closed) return;
    this.counters.received += chunk.length;
    this.unconsumed += chunk.length;
    this.peak = Math.max(this.peak, this.unconsumed);
    if (this.unconsumed >= this.window) this.socket?.pause();
    this.events.onData(chunk);
  }

  private finish(then: () => void): void {
    if (this.closed) return;
    this.closed = true;
    then();
  }
}
