import type { MuxStream } from './stream.ts';

/** What a stream may send before others get their turn, bytes. */
export const QUANTUM = 64 << 10;

/** Which list a stream is in. */
const NONE = 0;
const FRESH = 1;
const BULK = 2;

/**
 * Deficit round robin with a fast lane, after FQ-CoDel (RFC 8290 §4): a stream that has not used up its quantum
 * since the link was last idle goes before those that have, so that a keystroke does not wait behind downloads.
 */
export class Scheduler {
  private fresh: MuxStream[] = [];
  private bulk: MuxStream[] = [];
  /** Counts the times nothing was left to send: then everybody's quantum is whole again. */
  private epoch = 0;

  get empty(): boolean {
    return this.fresh.length === 0 && this.bulk.length === 0;
  }

  add(stream: MuxStream): void {
    if (stream.list !== NONE) return;
    if (stream.epoch !== this.epoch) {
      stream.epoch = this.epoch;
      stream.deficit = QUANTUM;
    }
    if (stream.deficit > 0) {
      stream.list = FRESH;
      this.fresh.push(stream);
    } else {
      stream.list = BULK;
      this.bulk.push(stream);
    }
  }

  /**
   * Offers streams their turns until `serve` says stop (false). `serve(stream, quantum)` sends at most `quantum`
   * bytes and returns them, or undefined when the record is full and the stream keeps its place.
   */
  run(serve: (stream: MuxStream, quantum: number) => number | undefined): void {
    for (;;) {
      const fast = this.fresh.length > 0;
      const list = fast ? this.fresh : this.bulk;
      if (list.length === 0) {
        this.epoch++;
        return;
      }
      const stream = list[0];
      if (!fast && stream.deficit <= 0) {
        stream.deficit += QUANTUM;
        if (list.length > 1 && stream.deficit <= 0) {
          list.push(list.shift() as MuxStream);
          continue;
        }
      }
      // Alone it need not be interrupted: fewer, larger frames.
      const alone = this.fresh.length + this.bulk.length === 1;
      const sent = serve(stream, alone ? Number.MAX_SAFE_INTEGER : Math.max(1, stream.deficit));
      if (sent === undefined) return;
      stream.deficit = Math.max(stream.deficit - sent, -QUANTUM);
      // Serving may have closed the stream, which takes it off the list.
      if (list[0] === stream) list.shift();
      stream.list = NONE;
      if (!stream.isClosed && (stream.sendable > 0 || stream.finDue)) {
        stream.list = BULK;
        this.bulk.push(stream);
      }
    }
  }

  remove(stream: MuxStream): void {
    if (stream.list === NONE) return;
    const list = stream.list === FRESH ? this.fresh : this.bulk;
    const index = list.indexOf(stream);
    if (index >= 0) list.splice(index, 1);
    stream.list = NONE;
  }

  clear(): void {
    this.fresh = [];
    this.bulk = [];
  }
}
