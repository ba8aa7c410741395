/** The contract over message ports: one for each time a page asks, and only for our own pages. */
import type { PortLike } from '../../src-shared/pipe.ts';
import type { IpcSlice, MakeChannel, PortMain } from './electron-api.ts';
import { isTrustedSender } from './page-guard.ts';

export interface PagePipesOptions {
  readonly ipc: IpcSlice;
  readonly makeChannel: MakeChannel;
  /** Takes the host's end. */
  readonly serve: (port: PortLike) => void;
  readonly isOurs: (contentsId: number) => boolean;
  /** The page can take what was opened. */
  readonly onReady: () => void;
  readonly onRefused: (url: string) => void;
}

/** A page has one pipe: asking for another one (after a reload) closes the one before. */
export class PagePipes {
  private readonly open = new Map<number, PortMain>();

  constructor(options: PagePipesOptions) {
    const { ipc, makeChannel, serve, isOurs, onReady, onRefused } = options;
    ipc.on('culvert:connect', (event) => {
      if (!isTrustedSender(event, isOurs)) return onRefused(event.senderFrame?.url ?? '');
      this.close(event.sender.id);
      const { port1, port2 } = makeChannel();
      this.open.set(event.sender.id, port1);
      port1.on('close', () => {
        if (this.open.get(event.sender.id) === port1) this.open.delete(event.sender.id);
      });
      serve(port1);
      event.senderFrame?.postMessage('culvert:port', null, [port2]);
    });
    ipc.on('culvert:ready', (event) => {
      if (isTrustedSender(event, isOurs)) onReady();
      else onRefused(event.senderFrame?.url ?? '');
    });
  }

  get size(): number {
    return this.open.size;
  }

  /** The window is gone. */
  close(contentsId: number): void {
    const port = this.open.get(contentsId);
    this.open.delete(contentsId);
    port?.close();
  }
}
