/** Quit: once, in order, and in the end whatever happens. */
import type { AppSlice, Prevented } from './electron-api.ts';

/** What is not done by then is left: a session that ends does not wait longer. ms */
const LIMIT_MS = 8_000;

export interface QuittingOptions {
  readonly app: Pick<AppSlice, 'exit' | 'on' | 'quit'>;
  /** Ends everything: proxy put back, streams drained, files saved. */
  readonly drain: () => Promise<void>;
  readonly log: (text: string) => void;
  readonly limitMs?: number;
}

export class Quitting {
  private readonly options: QuittingOptions;
  private drained: Promise<void> | undefined;
  private done = false;

  constructor(options: QuittingOptions) {
    this.options = options;
    // Whoever asks (menu, Cmd+Q, the end of the session): the app ends when it is done, not before.
    options.app.on('before-quit', (event: Prevented) => {
      // Asked again by what has drained already: the installer of an update ends the app its own way.
      if (this.done) return;
      event.preventDefault();
      void this.quit();
    });
  }

  get begun(): boolean {
    return this.drained !== undefined;
  }

  /** Drains, once. For what has to happen between this and the end of the process: the installer of an update. */
  drain(): Promise<void> {
    this.drained ??= this.drainInTime().then(() => {
      this.done = true;
    });
    return this.drained;
  }

  async quit(): Promise<void> {
    await this.drain();
    this.options.app.exit(0);
  }

  private async drainInTime(): Promise<void> {
    const { drain, log, limitMs = LIMIT_MS } = this.options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        log(`not everything had ended after ${limitMs} ms`);
        resolve();
      }, limitMs);
    });
    const done = drain().catch((error: unknown) => {
      log(`ending went wrong: ${error instanceof Error ? error.message : String(error)}`);
    });
    await Promise.race([done, late]);
    clearTimeout(timer);
  }
}
