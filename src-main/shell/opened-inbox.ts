import { isAbsolute, resolve } from 'node:path';
import type { AppSlice } from './electron-api.ts';
import { type Opened, parseLaunch } from './launch-args.ts';

/** undefined: nothing to open, only the window. */
type Take = (opened: Opened | undefined) => void;

/** What other instances and the system ask for, kept until there is a window to show it. Of several the newest is meant. */
export class OpenedInbox {
  private take: Take | undefined;
  private waiting: { readonly opened: Opened | undefined } | undefined;

  constructor(app: AppSlice) {
    app.on('second-instance', (_event, argv, folder) => this.put(within(folder, parseLaunch(argv).opened)));
    app.on('open-url', (event, text) => {
      event.preventDefault();
      this.put(parseLaunch(['', text]).opened);
    });
    app.on('open-file', (event, path) => {
      event.preventDefault();
      this.put({ kind: 'file', path });
    });
  }

  /** From now on each is handed over at once, what has waited first. */
  open(take: Take): void {
    this.take = take;
    if (this.waiting !== undefined) take(this.waiting.opened);
    this.waiting = undefined;
  }

  /** Whether somebody has asked already. */
  get isAsked(): boolean {
    return this.waiting !== undefined;
  }

  private put(opened: Opened | undefined): void {
    if (this.take !== undefined) this.take(opened);
    else this.waiting = { opened: opened ?? this.waiting?.opened };
  }
}

/** Another instance names its files from where it was started. */
function within(folder: string, opened: Opened | undefined): Opened | undefined {
  if (opened?.kind !== 'file' || isAbsolute(opened.path)) return opened;
  return { kind: 'file', path: resolve(folder, opened.path) };
}
