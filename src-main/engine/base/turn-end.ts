import { performance } from 'node:perf_hooks';

/**
 * A turn is what is served together: one of Node's event loop, unless `runTurn` makes one of its own within it
 * (native/poller.ts). What its events make to be sent shares records and system calls, and its time.
 */
let waiting: Array<() => void> | undefined;
let time: number | undefined;

/** Calls `fn` at this turn's end: when all events that were there at its beginning have been served. */
export function atTurnEnd(fn: () => void): void {
  if (waiting === undefined) setImmediate(fn);
  else waiting.push(fn);
}

/** Monotonic, ms: when the turn began. Reading a clock for each event of a small message costs more than the event. */
export function turnTime(): number {
  return time ?? performance.now();
}

/** `serve` is one turn. What it throws is thrown, after the turn's end. True: something was done at the end. */
export function runTurn(serve: () => void): boolean {
  if (waiting !== undefined) {
    serve();
    return false;
  }
  const mine: Array<() => void> = [];
  waiting = mine;
  time = performance.now();
  let done = 0;
  try {
    serve();
  } finally {
    waiting = undefined;
    // One that throws must not keep the others back.
    try {
      while (done < mine.length) mine[done++]();
    } finally {
      time = undefined;
      for (; done < mine.length; done++) setImmediate(mine[done]);
    }
  }
  return done > 0;
}
