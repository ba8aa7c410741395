import { connect, type Socket } from 'node:net';
import { KnownBytes } from '../support/known-bytes.ts';

const HOST = '127.0.0.1';
const CHUNK = 16 << 10;

/** A connection through the forward whose echo is compared byte by byte. */
abstract class CheckedStream {
  /** What is wrong, or ''. */
  wrong = '';
  received = 0;
  protected readonly socket: Socket;
  protected readonly seed: number;
  protected sent = 0;
  private readonly wanted: KnownBytes;
  private finishing = false;

  constructor(port: number, seed: number) {
    this.seed = seed;
    this.wanted = new KnownBytes(seed);
    this.socket = connect({ host: HOST, port, noDelay: true, allowHalfOpen: true });
    this.socket.on('error', (error) => this.fail(error.message));
    this.socket.on('close', () => {
      if (!this.finishing) this.fail('it was closed');
    });
    this.socket.on('data', (chunk: Buffer) => {
      if (!this.wanted.next(chunk.length).equals(chunk)) this.fail('a wrong byte came back');
      this.received += chunk.length;
      this.onReceived();
    });
  }

  /** All that was sent has come back. */
  get isEven(): boolean {
    return this.received === this.sent;
  }

  protected onReceived(): void {}

  /** Ends it; resolves when every byte came back and the far end closed, or to what is wrong. */
  finish(): Promise<string> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.finishing = true;
        if (!this.isEven) this.fail(`${this.received} bytes of ${this.sent} came back`);
        this.socket.destroy();
        resolve(this.wrong);
      };
      if (this.wrong !== '') return done();
      this.socket.on('end', done);
      this.socket.on('close', done);
      this.socket.end();
    });
  }

  protected fail(what: string): void {
    this.wrong ||= `stream ${this.seed}: ${what}, at ${this.received} of ${this.sent}`;
  }
}

/** Sends as much as it can, until told to stop. */
export class BusyStream extends CheckedStream {
  private readonly source: KnownBytes;
  private readonly pausedMs: number;
  private stopped = false;

  /** `pausedMs`: between two chunks, so that many of them leave the machine some time. */
  constructor(port: number, seed: number, pausedMs: number) {
    super(port, seed);
    this.source = new KnownBytes(seed);
    this.pausedMs = pausedMs;
    this.send();
  }

  private readonly send = (): void => {
    if (this.stopped || this.socket.destroyed) return;
    const room = this.socket.write(this.source.next(CHUNK));
    this.sent += CHUNK;
    if (room) setTimeout(this.send, this.pausedMs);
    else this.socket.once('drain', this.send);
  };

  override finish(): Promise<string> {
    this.stopped = true;
    return super.finish();
  }
}

/** Says something once in a while: an idle connection that has to be alive when it is wanted. */
export class IdleStream extends CheckedStream {
  private readonly source: KnownBytes;

  constructor(port: number, seed: number) {
    super(port, seed);
    this.source = new KnownBytes(seed);
    this.say();
  }

  say(): void {
    this.socket.write(this.source.next(100));
    this.sent += 100;
  }
}

/** One small message after the other, each as soon as the one before came back: tells when things move. */
export class PingStream extends CheckedStream {
  private readonly source: KnownBytes;
  private waiting: Array<() => void> = [];

  constructor(port: number, seed: number) {
    super(port, seed);
    this.source = new KnownBytes(seed);
    this.ping();
  }

  private ping(): void {
    if (this.socket.destroyed || this.socket.writableEnded) return;
    this.socket.write(this.source.next(8));
    this.sent += 8;
  }

  protected override onReceived(): void {
    if (!this.isEven) return;
    const due = this.waiting;
    this.waiting = [];
    for (const done of due) done();
    // Not at once: a ping that is always under way would take the processor from all else.
    setTimeout(() => this.ping(), 1);
  }

  /** Resolves when the message under way has come back. */
  moves(): Promise<void> {
    return new Promise((done) => this.waiting.push(done));
  }
}
