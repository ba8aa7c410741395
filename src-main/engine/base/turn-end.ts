/**
 * The end of a turn: when all events that were there at its beginning have been served. What they make to be sent then
 * shares records and system calls.
 *
 * A turn is one of Node's event loop, unless `runTurn` makes one of its own within it (native/poller.ts).
 */
let waiting: Array<() => void> | undefined;

/** Calls `fn` at this turn's end. */
export function atTurnEnd(fn: () => void): void {
  if (waiting === undefined) setImmediate(fn);
  else waiting.push(fn);
}

/** `serve` is one turn. What it throws is thrown, after the turn's end. */
export function runTurn(serve: () => void): void {
  if (waiting !== undefined) return serve();
  const mine: Array<() => void> = [];
  waiting = mine;
  try {
    serve();
  } finally {
    waiting = undefined;
    // One that throws must not keep the others back.
    let done = 0;
    try {
      while (done < mine.length) mine[done++]();
    } finally {
      for (; done < mine.length; done++) setImmediate(mine[done]);
    }
  }
}
