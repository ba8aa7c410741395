import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import type { BrowserWindowConstructorOptions } from 'electron';
import type { Browser, BrowserContext, Frame, Page, Request as PlaywrightRequest } from 'playwright-core';
import type {
  ContentsSlice,
  GuardedContents,
  PortMain,
  SenderEvent,
  WindowSlice,
} from '../../src-main/shell/electron-api.ts';
import { PAGE_ORIGIN } from '../../src-main/shell/page-scheme.ts';

/** Chromium knows no scheme of its own here, so the page has this origin instead, answered by the handler of `app:`. */
const STAND_IN = 'https://culvert.test';

export const toApp = (url: string): string => url.replace(STAND_IN, PAGE_ORIGIN);
const toWeb = (url: string): string => url.replace(PAGE_ORIGIN, STAND_IN);

export interface WindowSurroundings {
  readonly id: number;
  readonly browser: () => Promise<Browser>;
  readonly ipc: EventEmitter;
  readonly serve: (request: Request) => Response | Promise<Response>;
  readonly onClosed: () => void;
}

/** What Electron gives a sandboxed preload script as `electron`; runs in the page. */
const PRELOAD_WORLD = `
  const listeners = new Map();
  const ipcRenderer = {
    on: (channel, listener) => void listeners.set(channel, [...(listeners.get(channel) ?? []), listener]),
    send: (channel, ...args) => void window.__ipcSend(channel, ...args),
  };
  const contextBridge = {
    exposeInMainWorld: (name, api) =>
      Object.defineProperty(window, name, { value: Object.freeze(api), enumerable: true }),
  };
  const deliver = (channel, event, args) => {
    for (const listener of listeners.get(channel) ?? []) listener(event, ...args);
  };
  const ports = new Map();
  Object.defineProperty(window, '__ipcReceive', { value: (channel, args) => deliver(channel, { ports: [] }, args) });
  Object.defineProperty(window, '__portArrived', { value: (channel, id) => {
    const { port1, port2 } = new MessageChannel();
    ports.set(id, port1);
    port1.onmessage = ({ data }) => void window.__portSend(id, data);
    deliver(channel, { ports: [port2] }, [null]);
  }});
  Object.defineProperty(window, '__portReceive', { value: (id, list) => {
    for (const data of list) ports.get(id)?.postMessage(data);
  }});
`;

declare global {
  interface Window {
    __ipcReceive(channel: string, args: unknown[]): void;
    __portArrived(channel: string, id: number): void;
    __portReceive(id: number, data: unknown[]): void;
  }
}

/** undefined: of a page that is only being made. */
function frameOf(request: PlaywrightRequest): Frame | undefined {
  try {
    return request.frame();
  } catch {
    return undefined;
  }
}

/** A window whose page is a real one: the built preload, the built page, the real handler of `app:`. */
export class WindowDouble extends EventEmitter implements WindowSlice {
  readonly options: BrowserWindowConstructorOptions;
  readonly webContents: ContentsSlice & EventEmitter;
  readonly guarded: GuardedContents & EventEmitter;
  openHandler: Parameters<GuardedContents['setWindowOpenHandler']>[0] | undefined;
  readonly page: Promise<Page>;
  readonly complaints: string[] = [];
  shown = false;
  minimized = false;
  maximized = false;
  focused = 0;
  bounds: { x: number; y: number; width: number; height: number };
  private readonly around: WindowSurroundings;
  private context: BrowserContext | undefined;
  private destroyed = false;
  /** The app itself loads the page: nothing is asked then. */
  private loading = false;
  private nextPort = 1;
  private readonly ports = new Map<number, PortMain>();

  constructor(options: BrowserWindowConstructorOptions, around: WindowSurroundings) {
    super();
    this.options = options;
    this.around = around;
    const { x = 100, y = 100, width = 800, height = 600 } = options;
    this.bounds = { x, y, width, height };
    const { id } = around;
    const send = (channel: string, ...args: unknown[]): void => {
      void this.inPage((page) =>
        page.evaluate(([name, list]) => window.__ipcReceive(name, list), [channel, args] as const),
      );
    };
    this.webContents = Object.assign(new EventEmitter(), { id, send });
    this.guarded = Object.assign(new EventEmitter(), {
      setWindowOpenHandler: (handler: Parameters<GuardedContents['setWindowOpenHandler']>[0]) => {
        this.openHandler = handler;
      },
    });
    this.page = this.openPage();
  }

  async loadURL(url: string): Promise<void> {
    this.loading = true;
    await this.inPage((page) => page.goto(toWeb(url)));
    this.loading = false;
    if (!this.destroyed) this.emit('ready-to-show');
  }

  /** A person's click on the window's cross. */
  close(): void {
    let prevented = false;
    this.emit('close', {
      preventDefault: () => {
        prevented = true;
      },
    });
    if (!prevented) this.destroy();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    for (const port of this.ports.values()) port.close();
    void this.page.then(() => this.context?.close()).catch(() => {});
    this.emit('closed');
    this.around.onClosed();
  }

  isDestroyed = (): boolean => this.destroyed;
  isMinimized = (): boolean => this.minimized;
  isMaximized = (): boolean => this.maximized;
  getNormalBounds = () => this.bounds;
  focus = (): void => void this.focused++;
  show = (): void => {
    this.shown = true;
  };
  minimize = (): void => {
    this.minimized = true;
  };
  restore = (): void => {
    this.minimized = false;
  };
  maximize = (): void => {
    this.maximized = true;
  };

  /** The page is gone for a moment, or for good: nothing that is sent to it matters then. */
  private async inPage(action: (page: Page) => Promise<unknown>): Promise<void> {
    const page = await this.page;
    if (this.destroyed) return;
    await action(page).catch((error: unknown) => {
      if (!this.destroyed) throw error;
    });
  }

  private async openPage(): Promise<Page> {
    const browser = await this.around.browser();
    const { width, height } = this.bounds;
    this.context = await browser.newContext({ viewport: { width, height }, locale: 'en' });
    const page = await this.context.newPage();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(error.message));
    await page.exposeBinding('__ipcSend', ({ frame }, channel: string, ...args: unknown[]) => {
      this.around.ipc.emit(channel, this.senderEvent(page, frame), ...args);
    });
    await page.exposeBinding('__portSend', (_source, id: number, data: unknown) =>
      this.ports.get(id)?.postMessage(data),
    );
    const preload = readFileSync(this.options.webPreferences?.preload ?? '', 'utf8');
    await page.addInitScript(`(() => {
      ${PRELOAD_WORLD}
      const exports = {};
      const require = (name) => {
        if (name !== 'electron') throw new Error('a sandboxed preload may not require ' + name);
        return { contextBridge, ipcRenderer };
      };
      ${preload}
    })()`);
    page.on('popup', (popup) => void popup.close());
    await this.context.route('**/*', async (route) => {
      const request = route.request();
      const url = toApp(request.url());
      // A page of its own is one that the page wants to open.
      const isOpened = request.isNavigationRequest() && frameOf(request)?.page() !== page;
      // An answer without content leaves a page where it is.
      if (isOpened ? !this.mayOpen(url) : !this.mayNavigate(page, request, url)) {
        return route.fulfill({ status: 204 });
      }
      if (!request.url().startsWith(`${STAND_IN}/`)) return route.continue();
      const response = await this.around.serve(new Request(url, { method: request.method() }));
      await route
        .fulfill({
          status: response.status,
          headers: Object.fromEntries(response.headers),
          body: Buffer.from(await response.arrayBuffer()),
        })
        .catch(() => {});
    });
    return page;
  }

  /** As Electron asks: of the top frame by two events, of others by the first. */
  private mayNavigate(page: Page, request: PlaywrightRequest, url: string): boolean {
    if (!request.isNavigationRequest() || this.loading) return true;
    const isMainFrame = frameOf(request) === page.mainFrame();
    let prevented = false;
    const preventDefault = (): void => {
      prevented = true;
    };
    this.guarded.emit('will-frame-navigate', { url, isMainFrame, preventDefault });
    if (isMainFrame && !prevented) this.guarded.emit('will-navigate', { url, preventDefault });
    return !prevented;
  }

  private mayOpen(url: string): boolean {
    const details = { url } as Parameters<NonNullable<typeof this.openHandler>>[0];
    return this.openHandler?.(details).action !== 'deny';
  }

  private senderEvent(page: Page, frame: Frame): SenderEvent {
    return {
      sender: { id: this.around.id },
      senderFrame: {
        url: toApp(frame.url()),
        parent: frame.parentFrame(),
        postMessage: (channel, _message, transfer = []) => this.handOver(page, channel, transfer[0]),
      },
    };
  }

  /** Joins the port to one in the page. What comes at once crosses at once. */
  private handOver(page: Page, channel: string, port: PortMain): void {
    const id = this.nextPort++;
    this.ports.set(id, port);
    const queue: unknown[] = [];
    let busy = page
      .evaluate(([name, one]) => window.__portArrived(name, one), [channel, id] as const)
      .catch(() => {});
    port.on('message', ({ data }) => {
      queue.push(data);
      if (queue.length > 1) return;
      busy = busy
        .then(() =>
          page.evaluate(([one, list]) => window.__portReceive(one, list), [id, queue.splice(0)] as const),
        )
        .catch(() => {});
    });
    port.start();
  }
}
