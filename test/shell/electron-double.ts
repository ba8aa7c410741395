import { EventEmitter } from 'node:events';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Display, MenuItemConstructorOptions, NativeImage } from 'electron';
import type { Browser } from 'playwright-core';
import type {
  ElectronApi,
  MenuSlice,
  NotificationSlice,
  PortMain,
  SafeStorageSlice,
  SessionSlice,
  TraySlice,
} from '../../src-main/shell/electron-api.ts';
import { WindowDouble } from './window-double.ts';

/** One end of a channel as Electron has it in the main process: an emitter whose messages come in an event. */
class PortDouble extends EventEmitter {
  private readonly port: MessagePort;

  constructor(port: MessagePort) {
    super();
    this.port = port;
    port.on('close', () => this.emit('close'));
  }

  start(): void {
    this.port.on('message', (data) => this.emit('message', { data, ports: [] }));
  }
  postMessage(data: unknown): void {
    this.port.postMessage(data);
  }
  close(): void {
    this.port.close();
  }
}

/** What Electron makes of a template, as far as it can be looked at. */
export interface MenuDouble {
  readonly template: MenuItemConstructorOptions[];
}

type PermissionRequest = NonNullable<Parameters<SessionSlice['setPermissionRequestHandler']>[0]>;
type PermissionCheck = NonNullable<Parameters<SessionSlice['setPermissionCheckHandler']>[0]>;

/** A double of the part of Electron that the shell uses. Its windows are real pages in a real Chromium. */
export class ElectronDouble {
  readonly app = new AppDouble();
  readonly ipc = new EventEmitter();
  readonly power = new EventEmitter();
  readonly theme = Object.assign(new EventEmitter(), { shouldUseDarkColors: false });
  readonly windows: WindowDouble[] = [];
  readonly trays: TrayDouble[] = [];
  readonly notes: Array<{ title?: string; body?: string; click: () => void }> = [];
  readonly opened: string[] = [];
  readonly copied: string[] = [];
  readonly shortcuts = new Map<string, () => void>();
  readonly taken = new Set<string>();
  readonly asked: string[] = [];
  /** The menu bar. */
  appMenu: MenuItemConstructorOptions[] | undefined;
  answer = 0;
  displays = [{ workArea: { x: 0, y: 0, width: 1920, height: 1040 } }];
  permissionRequest: PermissionRequest | undefined;
  permissionCheck: PermissionCheck | undefined;
  serve: ((request: Request) => Response | Promise<Response>) | undefined;
  /** Panels that take no icon make Electron throw. */
  trayFails = false;
  /** Ends of channels that the app has made and not closed. */
  openPorts = 0;
  readonly api: ElectronApi;
  private readonly browser: () => Promise<Browser>;

  constructor(browser: () => Promise<Browser>, storage: SafeStorageSlice) {
    this.browser = browser;
    this.api = this.makeApi(storage);
  }

  get window(): WindowDouble | undefined {
    return this.windows.findLast((window) => !window.isDestroyed());
  }

  get menu(): MenuItemConstructorOptions[] {
    const menu = this.trays.at(-1)?.menu;
    if (menu === undefined) throw new Error('there is no tray menu');
    return menu.template;
  }

  private makeApi(safeStorage: SafeStorageSlice): ElectronApi {
    const session = {
      setPermissionRequestHandler: (handler) => {
        this.permissionRequest = handler ?? undefined;
      },
      setPermissionCheckHandler: (handler) => {
        this.permissionCheck = handler ?? undefined;
      },
      protocol: {
        handle: (_scheme, handler) => {
          this.serve = handler;
        },
      },
    } satisfies SessionSlice;
    return {
      app: this.app,
      ipc: this.ipc,
      power: this.power,
      screen: { getAllDisplays: () => this.displays as Display[] },
      safeStorage,
      shortcuts: {
        register: (keys, act) => {
          if (this.taken.has(keys)) return false;
          this.shortcuts.set(keys, act);
          return true;
        },
        unregisterAll: () => this.shortcuts.clear(),
      },
      shell: {
        openExternal: async (url) => {
          this.opened.push(url);
        },
      },
      theme: this.theme,
      clipboard: { writeText: (text) => this.copied.push(text) },
      session: () => session,
      makeWindow: (options) => {
        const window = new WindowDouble(options, {
          id: this.windows.length + 1,
          browser: this.browser,
          ipc: this.ipc,
          serve: (request) => {
            if (this.serve === undefined) throw new Error('app:// has no handler');
            return this.serve(request);
          },
          onClosed: () => {
            if (this.window === undefined) this.app.emit('window-all-closed');
          },
        });
        this.windows.push(window);
        this.app.emit('web-contents-created', {}, window.guarded);
        return window;
      },
      makeChannel: () => {
        const { port1, port2 } = new MessageChannel();
        this.openPorts++;
        port1.once('close', () => this.openPorts--);
        return { port1: new PortDouble(port1), port2: new PortDouble(port2) } satisfies Record<
          string,
          PortMain
        >;
      },
      makeTray: (image) => {
        if (this.trayFails) throw new Error('no tray');
        const tray = new TrayDouble(image);
        this.trays.push(tray);
        return tray;
      },
      buildMenu: (template) => ({ template }) satisfies MenuDouble as unknown as MenuSlice,
      setAppMenu: (menu) => {
        this.appMenu = (menu as unknown as MenuDouble).template;
      },
      makeNotification: ({ title, body }) => {
        const note = new EventEmitter();
        return Object.assign(note, {
          show: () => void this.notes.push({ title, body, click: () => note.emit('click') }),
        }) satisfies NotificationSlice;
      },
      readImage: (path) => ({ path }) as unknown as NativeImage,
      askBox: async ({ message }) => {
        this.asked.push(message);
        return this.answer;
      },
    };
  }
}

/** The path that a double's image was read from. */
export const pathOf = (image: NativeImage): string => (image as unknown as { path: string }).path;

export class TrayDouble extends EventEmitter implements TraySlice {
  image: NativeImage;
  tip = '';
  menu: MenuDouble | undefined;
  menus = 0;
  destroyed = false;

  constructor(image: NativeImage) {
    super();
    this.image = image;
  }
  setImage(image: NativeImage): void {
    this.image = image;
  }
  setToolTip(text: string): void {
    this.tip = text;
  }
  setContextMenu(menu: MenuSlice): void {
    this.menu = menu as unknown as MenuDouble;
    this.menus++;
  }
  destroy(): void {
    this.destroyed = true;
  }
}

export class AppDouble extends EventEmitter {
  isPackaged = false;
  locked = false;
  openedAtLogin = false;
  paths = new Map<string, string>();
  loginItem: { openAtLogin?: boolean; args?: string[] } | undefined;
  languages = ['en-GB'];
  exitCode: number | undefined;
  readonly exited: Promise<number>;
  private end: (code: number) => void = () => {};

  constructor() {
    super();
    this.exited = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  requestSingleInstanceLock = () => !this.locked;
  setPath = (name: string, path: string) => void this.paths.set(name, path);
  setAppUserModelId = () => {};
  relaunch = () => {};
  setAsDefaultProtocolClient = () => true;
  getPreferredSystemLanguages = () => this.languages;
  whenReady = async () => {};
  setLoginItemSettings = (settings: { openAtLogin?: boolean; args?: string[] }) => {
    this.loginItem = settings;
  };
  getLoginItemSettings = (asked?: { args?: string[] }) => {
    const same = JSON.stringify(asked?.args ?? []) === JSON.stringify(this.loginItem?.args ?? []);
    const openAtLogin = this.loginItem?.openAtLogin === true && (asked === undefined || same);
    const rest = {
      openAsHidden: false,
      wasOpenedAtLogin: this.openedAtLogin,
      wasOpenedAsHidden: false,
      restoreState: false,
    };
    return {
      ...rest,
      openAtLogin,
      status: 'enabled' as const,
      executableWillLaunchAtLogin: openAtLogin,
      launchItems: [],
    };
  };

  quit = () => {
    let prevented = false;
    this.emit('before-quit', {
      preventDefault: () => {
        prevented = true;
      },
    });
    if (!prevented) this.exit(0);
  };
  exit = (code = 0) => {
    this.exitCode ??= code;
    this.end(code);
  };
}

/** A keyring in memory. `available: false` is a Linux without one. */
export function keyringDouble(
  options: { available?: boolean; backend?: 'basic_text' | 'gnome_libsecret'; secret?: number } = {},
): SafeStorageSlice {
  const { available = true, backend = 'gnome_libsecret', secret = 0x5a } = options;
  const turn = (data: Buffer): Buffer => Buffer.from(data.map((byte) => byte ^ secret));
  return {
    isAsyncEncryptionAvailable: async () => available,
    getSelectedStorageBackend: () => backend,
    encryptStringAsync: async (text) => turn(Buffer.from(`sealed:${text}`)),
    decryptStringAsync: async (data) => {
      const text = turn(data).toString();
      if (!text.startsWith('sealed:')) throw new Error('another keyring');
      return { result: text.slice('sealed:'.length), shouldReEncrypt: false };
    },
  };
}
