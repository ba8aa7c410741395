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
}

/** A page that dies is loaded anew, but not without end. */
const MAX_RELOADS = 3;

export class MainWindow {
  private readonly options: MainWindowOptions;
  private window: WindowSlice | undefined;
  private reloads = 0;
  private texts: string[] = [];
  private ready = false;

  constructor(options: MainWindowOptions) {
    this.options = options;
  }

  get isOpen(): boolean {
    return this.window !== undefined;
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

  /** Closes it for good; opened again it is a new one. */
  close(): void {
    const { window } = this;
    if (window === undefined) return;
    this.keepPlace(window);
    window.destroy();
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
    this.reloads = 0;
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
      if (!window.isDestroyed() && this.reloads++ < MAX_RELOADS) this.load(window);
    });
    this.load(window);
  }

  private load(window: WindowSlice): void {
    // A window that is destroyed while it loads rejects: there is nobody left to tell.
    window.loadURL(PAGE_URL).catch(() => {});
  }

  private keepPlace(window: WindowSlice): void {
    if (window.isDestroyed()) return;
    const { x, y, width, height } = window.getNormalBounds();
    this.options.place.write({ x, y, width, height, maximized: window.isMaximized() });
  }
}
