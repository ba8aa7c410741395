/** The one window: made when it is wanted, destroyed when it is closed, so that the tray alone costs little memory. */
import type { MakeWindow, ScreenSlice, WindowSlice } from './electron-api.ts';
import { PAGE_URL } from './page-scheme.ts';
import { fitPlace, LEAST_SIZE, type PlaceFile, readPlace } from './window-place.ts';

export interface MainWindowOptions {
  readonly makeWindow: MakeWindow;
  readonly screen: ScreenSlice;
  readonly place: PlaceFile;
  /** Absolute path of the built preload.cjs. */
  readonly preload: string;
  readonly icon: string | undefined;
  readonly title: string;
  readonly isDark: () => boolean;
  /** Whether closing would leave nothing to come back by: it is put aside then. */
  readonly mustStay: () => boolean;
  readonly onClosed: (contentsId: number) => void;
  readonly warn: (text: string) => void;
}

/** A page that dies is loaded anew, so often at most within so long, ms. */
const MAX_RELOADS = 3;
const RELOADS_MS = 60_000;

export class MainWindow {
  private readonly options: MainWindowOptions;
  private window: WindowSlice | undefined;
  /** When the page was loaded anew lately, by `performance.now()`. */
  private reloads: number[] = [];
  private texts: string[] = [];
  private ready = false;

  constructor(options: MainWindowOptions) {
    this.options = options;
  }

  isOurs(contentsId: number): boolean {
    return this.window?.webContents.id === contentsId;
  }

  /** Makes it or brings it to the front. */
  open(): void {
    const { window } = this;
    if (window === undefined) return this.make();
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  }

  /** Opens the window with a text to import: it is shown there, and nothing is saved before a person does it. */
  showImport(text: string): void {
    // Of several at once the newest is meant; a page shows one.
    this.texts = [text];
    this.open();
    this.deliver();
  }

  /** The page listens. */
  pageReady(): void {
    this.ready = true;
    this.deliver();
  }

  private deliver(): void {
    if (!this.ready || this.window === undefined) return;
    for (const text of this.texts.splice(0)) this.window.webContents.send('culvert:opened', text);
  }

  private make(): void {
    const { makeWindow, screen, place, preload, icon, title, isDark, onClosed } = this.options;
    const kept = readPlace(place);
    const areas = screen.getAllDisplays().map(({ workArea }) => workArea);
    const window = makeWindow({
      ...fitPlace(kept, areas),
      minWidth: LEAST_SIZE.width,
      minHeight: LEAST_SIZE.height,
      title,
      icon,
      show: false,
      autoHideMenuBar: true,
      // The page's own grounds (theme.css), so that nothing flashes before it is drawn.
      backgroundColor: isDark() ? '#101418' : '#f7f8fa',
      webPreferences: {
        preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webSecurity: true,
        webviewTag: false,
        spellcheck: false,
        navigateOnDragDrop: false,
      },
    });
    this.window = window;
    this.ready = false;
    this.reloads = [];
    const { id } = window.webContents;
    window.on('ready-to-show', () => {
      if (kept?.maximized) window.maximize();
      window.show();
    });
    window.on('close', (event) => {
      this.keepPlace(window);
      if (!this.options.mustStay()) return;
      event.preventDefault();
      window.minimize();
    });
    window.on('closed', () => {
      if (this.window === window) this.window = undefined;
      onClosed(id);
    });
    window.webContents.on('render-process-gone', () => {
      this.ready = false;
      if (!window.isDestroyed()) this.reload(window);
    });
    this.load(window);
  }

  private load(window: WindowSlice): void {
    window.loadURL(PAGE_URL).catch((error: unknown) => {
      // A window that is destroyed while it loads rejects: there is nobody left to tell.
      if (window.isDestroyed()) return;
      this.options.warn(`the page was not loaded: ${error instanceof Error ? error.message : String(error)}`);
      // An empty window can be closed and opened again; one that is never shown cannot.
      window.show();
    });
  }

  private reload(window: WindowSlice): void {
    const now = performance.now();
    this.reloads = this.reloads.filter((at) => now - at < RELOADS_MS);
    if (this.reloads.length >= MAX_RELOADS) {
      return this.options.warn('the page has ended too often: closing and opening the window starts it anew');
    }
    this.reloads.push(now);
    this.options.warn('the page has ended and is loaded anew');
    this.load(window);
  }

  private keepPlace(window: WindowSlice): void {
    if (window.isDestroyed()) return;
    const { x, y, width, height } = window.getNormalBounds();
    this.options.place.write({ x, y, width, height, maximized: window.isMaximized() });
  }
}
