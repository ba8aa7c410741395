import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { resetSocket } from '../base/reset-socket.ts';

export interface LinkEvents {
  onData(chunk: Buffer): void;
  /** The server side sent FIN. */
  onEnd(): void;
  /** There is room again after `write` returned false. */
  onDrain(): void;
  /** Nothing follows. `failed`: it was cut, not closed. */
  onClose(failed: boolean): void;
  /** All requests served on the bare socket are answered. */
  onRawIdle(): void;
}

/** The connection to the cover site, where the bytes of one client's connection go at the moment. */
export class FrontLink {
  readonly kind = 'cover';
  /** FIN was received. */
  ended = false;
  /** FIN was sent. */
  finished = false;
  private readonly stream: Duplex;
  private readonly reachable: () => boolean;
  private events: LinkEvents | undefined;
  /** What was written before the site was known to be reachable: the stand-in gets it otherwise. */
  private unsure: Buffer[] = [];
  private failed = false;
  private corked = false;

  constructor(stream: Duplex, reachable: () => boolean, events: LinkEvents) {
    this.stream = stream;
    this.reachable = reachable;
    this.events = events;
    stream.on('data', (chunk: Buffer) => this.events?.onData(chunk));
    stream.on('end', () => {
      this.ended = true;
      this.events?.onEnd();
    });
    stream.on('drain', () => this.events?.onDrain());
    stream.on('error', () => {
      this.failed = true;
    });
    stream.on('close', () => {
      const events = this.events;
      this.events = undefined;
      events?.onClose(this.failed);
    });
  }

  get isOpen(): boolean {
    return this.reachable();
  }

  /** Returns false when the writer should wait for `onDrain`. */
  write(bytes: Buffer): boolean {
    if (this.stream.destroyed) return true;
    if (!this.isOpen) this.unsure.push(bytes);
    else if (this.unsure.length > 0) this.unsure = [];
    if (!this.corked) {
      // What came in one segment leaves in one: a head and the body behind it are two writes.
      this.corked = true;
      this.stream.cork();
      process.nextTick(this.uncork);
    }
    return this.stream.write(bytes);
  }

  private readonly uncork = (): void => {
    this.corked = false;
    this.stream.uncork();
  };

  /** What was written so far; only of a link that never opened. */
  written(): Buffer[] {
    return this.unsure;
  }

  finish(): void {
    this.finished = true;
    this.stream.end();
  }

  pause(): void {
    this.stream.pause();
  }

  resume(): void {
    this.stream.resume();
  }

  /** Lets go of it: no event follows. What was written still goes out, if FIN was sent; at most for `lingerMs`. */
  release(lingerMs: number, reset: boolean): void {
    this.events = undefined;
    if (this.stream.destroyed) return;
    if (reset) {
      resetStream(this.stream);
    } else if (this.finished && lingerMs > 0) {
      this.stream.resume();
      const timer = setTimeout(() => this.stream.destroy(), lingerMs).unref();
      this.stream.once('close', () => clearTimeout(timer));
    } else {
      this.stream.destroy();
    }
  }
}

/** RST where the transport has one. */
export function resetStream(stream: Duplex): void {
  if (stream instanceof Socket && !(stream instanceof TLSSocket) && !stream.connecting) resetSocket(stream);
  else stream.destroy();
}
