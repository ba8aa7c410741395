import { readInPlace, readSharedWhenBulk } from '../base/socket-reader.ts';
import type { OpenFailure, ResetReason, StreamEvents, TunnelStream } from '../mux/types.ts';
import {
  type AnySocket,
  cutSocket,
  endSocket,
  takeOver,
  watchSocket,
  writeParts,
} from '../native/any-socket.ts';
import { DirectSocket } from '../native/direct-socket.ts';
import { unpace } from '../native/local-pacing.ts';

/** Bytes a socket may hold unsent before the stream's reader counts as slow. At least Node's own high-water mark. */
const SOCKET_BACKLOG = 64 << 10;
/** A held piece shorter than this part of its memory is copied, so that a stalled reader cannot pin whole records. */
const COPY_BELOW = 0.5;

function worthHolding(chunk: Buffer): Buffer {
  return chunk.length < chunk.buffer.byteLength * COPY_BELOW ? Buffer.from(chunk) : chunk;
}

export interface PumpOptions {
  /** Bytes read from the socket already; they go to the stream first. */
  head?: Buffer;
  /** Cut the stream when nothing moves for this long, ms; 0 or absent = never. */
  idleTimeoutMs?: number;
  /** The far end was not reached; the socket is cut already. */
  onFailed?: (failure: OpenFailure, message: string) => void;
  /** Both sides are finished. With an error when it did not end in order. */
  onDone?: (error?: Error) => void;
}

/**
 * Joins a TCP socket (made with `allowHalfOpen`) and a stream, with the semantics of one connection (I5):
 * half-close stays half-close, a reset arrives as a reset. Is the stream's `StreamEvents`.
 */
export class SocketPump implements StreamEvents {
  private readonly stream: TunnelStream;
  private readonly options: PumpOptions;
  private socket: AnySocket | undefined;
  private unconsumed = 0;
  private hasEnded = false;
  /** By `endSocket`, of which the socket need not know. */
  private finSent = false;
  private closed = false;
  private done = false;

  constructor(stream: TunnelStream, options: PumpOptions = {}) {
    this.stream = stream;
    this.options = options;
  }

  /** Bytes from the socket, borrowed for the call. False = stop reading. */
  take(chunk: Buffer): boolean {
    return this.stream.writeBorrowed(chunk);
  }

  /** The connected socket, whose bytes come to `take`. */
  attach(socket: AnySocket): void {
    this.socket = socket;
    unpace(socket);
    const { stream, options } = this;
    if (options.idleTimeoutMs) socket.setTimeout(options.idleTimeoutMs, () => stream.reset('timeout'));
    watchSocket(socket, {
      end: () => {
        this.hasEnded = true;
        stream.end();
        if (this.finSent) this.close(socket);
      },
      drain: () => this.consumeRest(),
      error: () => stream.reset('reset'),
      close: (hadError) => {
        // Its connection went on in another object.
        if (socket !== this.socket) return;
        // After both ends the stream may still have bytes on their way: only a close out of order cuts it.
        if (hadError || !(this.closed || (socket.readableEnded && socket.writableFinished)))
          stream.reset('reset');
        this.finish();
      },
    });
  }

  onData(chunk: Buffer): void {
    this.onChunks([chunk]);
  }

  onChunks(chunks: readonly Buffer[]): boolean {
    const { socket } = this;
    if (socket === undefined || socket.destroyed) return true;
    const held = socket.writableLength > 0;
    for (const chunk of chunks) this.unconsumed += chunk.length;
    writeParts(socket, held ? chunks.map(worthHolding) : chunks);
    const waiting = socket.writableLength;
    // What the kernel took at once is consumed at once; 'drain' tells of the rest.
    if (waiting <= SOCKET_BACKLOG) this.consumeRest();
    return waiting === 0;
  }

  onEnd(): void {
    const { socket } = this;
    if (socket === undefined || socket.destroyed) return;
    if (this.hasEnded && socket.writableLength === 0) this.close(socket);
    else this.finSent = endSocket(socket) === 'sent';
  }

  /** Both directions are over, and nothing is unread or unwritten: close(2) sends what is left to send, FIN included. */
  private close(socket: AnySocket): void {
    this.closed = true;
    socket.destroy();
  }

  onDrain(): void {
    this.socket?.resume();
  }

  onReset(reason: ResetReason): void {
    if (reason === 'timeout') this.socket?.destroy();
    else this.cut();
    this.finish(new Error(reason));
  }

  onOpenFailed(failure: OpenFailure, message: string): void {
    this.cut();
    this.options.onFailed?.(failure, message);
    this.finish(new Error(message));
  }

  private cut(): void {
    const { socket } = this;
    if (socket !== undefined) cutSocket(socket);
  }

  private consumeRest(): void {
    const bytes = this.unconsumed;
    if (bytes === 0) return;
    this.unconsumed = 0;
    this.stream.consumed(bytes);
  }

  private finish(error?: Error): void {
    if (this.done) return;
    this.done = true;
    this.options.onDone?.(error);
  }
}

/** Joins an accepted socket and a stream; listens to the stream. Starts reading at once. */
export function joinSocket(socket: AnySocket, stream: TunnelStream, options: PumpOptions = {}): SocketPump {
  const pump = new SocketPump(stream, options);
  stream.listen(pump);
  const take = (chunk: Buffer): boolean => pump.take(chunk);
  const direct = socket instanceof DirectSocket ? socket : takeOver(socket, take);
  const used = direct ?? socket;
  pump.attach(used);
  if (direct !== undefined) direct.take = take;
  const isRead = used instanceof DirectSocket || readInPlace(used, take);
  if (options.head !== undefined && options.head.length > 0 && !stream.write(options.head)) used.pause();
  if (!isRead) readSharedWhenBulk(used, take, (moved) => pump.attach(moved));
  return pump;
}
