import type { Socket } from 'node:net';
import { CulvertError, describeError } from '../../base/errors.ts';
import { readShared } from '../../base/socket-reader.ts';
import { writeAll } from '../../native/direct-write.ts';
import { unpace } from '../../native/local-pacing.ts';
import { connectError } from '../connect-error.ts';
import { LAST_CHUNK, writeChunk } from './chunked.ts';
import type { BodyStream } from './record-stream.ts';
import { type ResponseHead, ResponseParser } from './response-parser.ts';
import type { SocketsAhead } from './sockets-ahead.ts';

/** What becomes of one request. Exactly one of `onEnd` and `onFail` is called, last. */
export interface LaneSink {
  /** The head of a streamed request is out. */
  onOpen?(body: BodyStream): void;
  /** There is room again for a streamed request. */
  onDrain?(): void;
  onHead(head: ResponseHead): void;
  onBody(chunk: Buffer): void;
  onEnd(): void;
  onFail(error: CulvertError, how: LaneFailure): void;
}

export interface LaneFailure {
  /** At least a part of the request left. */
  sent: boolean;
  /** A kept connection was closed before it gave a byte: that happens, and says nothing about the path. */
  untouched: boolean;
}

export interface LaneOptions {
  open: () => Promise<Socket>;
  /** Connections that may be there already. */
  ahead?: SocketsAhead;
  /** Name of the peer, for errors. */
  name: string;
  /** Bytes went out or came in. */
  onTraffic: (sent: number, received: number) => void;
}

/** One connection that carries one request after another, reconnecting as needed. */
export class Lane {
  /** Connections made so far. */
  connects = 0;
  private readonly options: LaneOptions;
  private socket: Socket | undefined;
  private sink: LaneSink | undefined;
  private parser: ResponseParser | undefined;
  /** Requests answered on the present connection. */
  private served = 0;
  /** It had waited before its first. */
  private waited = false;
  private heard = false;
  private sent = false;
  private keep = false;
  /** The request's body has no end yet. */
  private streaming = false;
  private closed = false;

  constructor(options: LaneOptions) {
    this.options = options;
  }

  get busy(): boolean {
    return this.sink !== undefined;
  }
  get isOpen(): boolean {
    return this.socket !== undefined;
  }

  /** Sends one request. Only while not busy. */
  request(head: string, parts: readonly Buffer[], sink: LaneSink): void {
    this.sink = sink;
    this.heard = false;
    this.sent = false;
    this.streaming = false;
    if (this.socket !== undefined) this.write(this.socket, head, parts);
    else void this.connect(head, parts, sink);
  }

  /** Sends the head of a request with a chunked body, which the sink gets to write. Only while not busy. */
  stream(head: string, sink: LaneSink): void {
    this.request(head, [], sink);
    this.streaming = true;
    if (this.socket !== undefined) this.openBody(this.socket, sink);
  }

  private openBody(socket: Socket, sink: LaneSink): void {
    const isOpen = (): boolean => this.socket === socket && this.sink === sink && this.streaming;
    const written = (bytes: number): void => this.options.onTraffic(bytes, 0);
    sink.onOpen?.({
      get backlog() {
        return socket.writableLength;
      },
      write: (parts, onWritten) => {
        if (isOpen()) written(writeChunk(socket, parts, onWritten));
      },
      end: () => {
        if (!isOpen()) return;
        this.streaming = false;
        socket.write(LAST_CHUNK, 'latin1');
      },
    });
  }

  /** Cuts the connection; a request under way fails with `error`. */
  abort(error: CulvertError): void {
    this.drop();
    this.fail(error);
  }

  destroy(): void {
    this.closed = true;
    this.abort(new CulvertError('ERR_CLOSED', 'the carrier is closed'));
  }

  private async connect(head: string, parts: readonly Buffer[], sink: LaneSink): Promise<void> {
    try {
      this.connects++;
      const waiting = this.options.ahead?.take();
      const socket = await (waiting ?? this.options.open());
      if (this.closed || this.sink !== sink) {
        socket.destroy();
        return;
      }
      this.use(socket);
      this.waited = waiting !== undefined;
      const used = this.socket ?? socket;
      this.write(used, head, parts);
      if (this.streaming) this.openBody(used, sink);
    } catch (error) {
      if (this.sink !== sink) return;
      this.fail(
        error instanceof CulvertError
          ? error
          : new CulvertError('ERR_INTERNAL', describeError(error), { cause: error }),
      );
    }
  }

  private use(given: Socket): void {
    this.served = 0;
    let socket = given;
    const lost = (cause: Error | undefined): void => {
      if (socket !== this.socket) return;
      this.onLost(cause);
    };
    const watch = (watched: Socket): void => {
      let cause: Error | undefined;
      watched.on('error', (error) => {
        cause = error;
      });
      watched.on('close', () => {
        if (watched === socket) lost(cause);
      });
    };
    watch(given);
    this.parser = new ResponseParser({
      onHead: (head) => {
        this.keep = head.keepAlive;
        this.sink?.onHead(head);
      },
      onBody: (chunk) => this.sink?.onBody(chunk),
      onEnd: () => this.onEnd(),
    });
    unpace(given);
    socket = readShared(given, (chunk) => this.onBytes(chunk));
    if (socket !== given) watch(socket);
    socket.on('drain', () => this.sink?.onDrain?.());
    socket.on('end', () => {
      // The end of a body without a length.
      if (socket === this.socket && this.parser?.eof() !== true) lost(undefined);
    });
    this.socket = socket;
  }

  private write(socket: Socket, head: string, parts: readonly Buffer[]): void {
    let bytes = head.length;
    for (const part of parts) bytes += part.length;
    this.sent = true;
    writeAll(socket, [Buffer.from(head, 'latin1'), ...parts]);
    this.options.onTraffic(bytes, 0);
  }

  private onBytes(chunk: Buffer): boolean {
    this.options.onTraffic(0, chunk.length);
    if (this.sink === undefined) {
      // Nobody asked: such as a proxy's 408 on an idle connection.
      this.drop();
      return true;
    }
    this.heard = true;
    try {
      this.parser?.push(chunk);
    } catch (error) {
      this.abort(
        error instanceof CulvertError
          ? error
          : new CulvertError('ERR_INTERNAL', describeError(error), { cause: error }),
      );
    }
    return true;
  }

  private onEnd(): void {
    const { sink } = this;
    this.sink = undefined;
    this.served++;
    if (!this.streaming) this.options.ahead?.learn(this.keep);
    // Answered before its end: nobody knows what would become of the rest, whose memory may be given back from now on.
    const early = this.streaming || (this.socket?.writableLength ?? 0) > 0;
    if (!this.keep || early) this.drop();
    this.streaming = false;
    sink?.onEnd();
  }

  private onLost(cause: Error | undefined): void {
    const untouched = (this.served > 0 || this.waited) && !this.heard;
    this.drop();
    const { name } = this.options;
    const error =
      cause === undefined
        ? new CulvertError('ERR_CARRIER_LOST', `${name} closed the connection without a whole answer`)
        : cause instanceof CulvertError
          ? cause
          : connectError(name, cause);
    this.fail(error, untouched);
  }

  private drop(): void {
    const { socket } = this;
    this.socket = undefined;
    this.parser = undefined;
    socket?.destroy();
  }

  private fail(error: CulvertError, untouched = false): void {
    const { sink } = this;
    this.sink = undefined;
    sink?.onFail(error, { sent: this.sent, untouched });
  }
}
