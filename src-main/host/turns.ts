/** Things that must not overlap: each begins when the one before has ended, well or not. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** Ends as the action does. */
  take<T>(action: () => Promise<T>): Promise<T> {
    const result = this.last.then(action);
    // What goes wrong is its caller's to know, and not in the way of the next.
    this.last = result.catch(() => {});
    return result;
  }
}
