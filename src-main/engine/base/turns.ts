import { turnTime } from './turn-end.ts';

/**
 * How long one turn of this thread's event loop may be. All sessions and sockets of a thread take turns, so that this
 * is the thread's affair: while somebody exchanges small messages, what reads bulk reads less at a time and lets
 * others have theirs.
 */
export const SHORT_TURNS_MS = 1000;

export class Turns {
  private readonly now: () => number;
  private until = Number.NEGATIVE_INFINITY;

  /** `now` in ms. */
  constructor(now: () => number) {
    this.now = now;
  }

  /** Somebody waits for short messages, and will for a while. */
  shorten(): void {
    this.until = this.now() + SHORT_TURNS_MS;
  }

  /** Nobody here waits any more; one who does elsewhere shortens them with the next message. */
  lengthen(): void {
    this.until = Number.NEGATIVE_INFINITY;
  }

  /** What sessions tell of their exchanges. */
  readonly follow = (goesOn: boolean): void => (goesOn ? this.shorten() : this.lengthen());

  get areShort(): boolean {
    return this.now() < this.until;
  }
}

/** Of this thread. */
export const turns = new Turns(turnTime);
