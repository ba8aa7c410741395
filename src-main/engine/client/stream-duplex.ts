import { Duplex } from 'node:stream';
import { CulvertError } from '../base/errors.ts';
import type {
  OpenError,
  OpenFailure,
  ResetReason,
  StreamEvents,
  StreamOpener,
  Target,
  TunnelStream,
} from '../mux/types.ts';

const IGNORE: StreamEvents = { onData() {}, onEnd() {}, onReset() {} };

/** Opens a stream to `target` as a duplex. Bytes may be written at once; a failed open is an `OpenError`. */
export function openDuplex(opener: StreamOpener, target: Target): StreamDuplex {
  return new StreamDuplex(opener.open(target, IGNORE));
}

/** Whether an error says that a stream could not be opened. */
export function isOpenError(error: unknown): error is OpenError {
  return error instanceof CulvertError && error.code === 'ERR_OPEN_FAILED' && 'failure' in error;
}

/**
 * A tunnel stream as a Node duplex, with the semantics of a `net.Socket` with `allowHalfOpen`: `end` is a
 * half-close, `destroy` before both ends is a reset, a reset from the far end destroys with `ECONNRESET`.
 * Emits `connect` when the far end has connected. Credit is granted as the reader takes the bytes.
 */
export class StreamDuplex extends Duplex {
  readonly stream: TunnelStream;
  private owed = 0;
  private writeDone: ((error?: Error | null) => void) | undefined;
  private finSent = false;
  private finReceived = false;
  private cut = false;

  /** Takes the stream over, in the turn in which it was made. */
  constructor(stream: TunnelStream) {
    super({ allowHalfOpen: true });
    this.stream = stream;
    stream.listen({
      onOpened: () => void this.emit('connect'),
      onOpenFailed: (failure, message) => this.cutOff(openError(failure, message)),
      onData: (chunk) => this.receive(chunk),
      onEnd: () => {
        this.finReceived = true;
        this.push(null);
      },
      onReset: (reason) => this.cutOff(resetError(reason)),
      onDrain: () => this.drained(),
    });
  }

  override _read(): void {
    this.repay();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.stream.write(chunk)) done();
    else this.writeDone = done;
  }

  override _final(done: () => void): void {
    this.finSent = true;
    this.stream.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // After both FINs the stream closes by itself; a reset would drop what the mux has still to send.
    if (!this.cut && !(this.finSent && this.finReceived)) this.stream.reset('reset');
    this.cut = true;
    const writeDone = this.writeDone;
    this.writeDone = undefined;
    writeDone?.(error ?? new Error('the stream was destroyed'));
    done(error);
  }

  private receive(chunk: Buffer): void {
    this.owed += chunk.length;
    if (this.push(chunk)) this.repay();
  }

  private repay(): void {
    if (this.owed === 0 || this.cut) return;
    const bytes = this.owed;
    this.owed = 0;
    this.stream.consumed(bytes);
  }

  private drained(): void {
    const done = this.writeDone;
    this.writeDone = undefined;
    done?.();
  }

  private cutOff(error: Error): void {
    this.cut = true;
    this.destroy(error);
  }
}

function openError(failure: OpenFailure, message: string): OpenError {
  return Object.assign(new CulvertError('ERR_OPEN_FAILED', message), { failure });
}

function resetError(reason: ResetReason): Error {
  return Object.assign(new Error(`the far end reset the connection (${reason})`), {
    code: 'ECONNRESET',
    reason,
  });
}
