/** How the host's streams keep to a rate, and wait for nobody. */

/** Who reads a stream. */
export interface Reader {
  /** Aborts when the reader has stopped or its pipe is gone. */
  readonly signal: AbortSignal;
  /** So much is unsent on its pipe that the next message had better wait: streams have no backpressure of their own. */
  busy(): boolean;
}

/** Waits so many milliseconds, or until the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** Calls `read` `hz` times a second and gives what it gives, but nothing while the reader is busy. */
export async function* paced<T>(hz: number, reader: Reader, read: () => T | Promise<T>): AsyncGenerator<T> {
  const period = 1000 / hz;
  let next = performance.now();
  while (!reader.signal.aborted) {
    if (!reader.busy()) yield await read();
    // Late turns are left out, not caught up with.
    next = Math.max(next + period, performance.now() + Math.min(period, 10));
    await pause(next - performance.now(), reader.signal);
  }
}
