/**
 * As much of Electron as the shell uses. main.ts hands over the real thing, the tests a double: both are checked against
 * these types, so that a double cannot have a method that Electron does not.
 */
import type {
  App,
  BrowserWindow,
  BrowserWindowConstructorOptions,
  Event,
  GlobalShortcut,
  MenuItemConstructorOptions,
  MessagePortMain,
  NativeImage,
  NativeTheme,
  NotificationConstructorOptions,
  Protocol,
  SafeStorage,
  Screen,
  Session,
  Shell,
  WebContents,
} from 'electron';

export type Prevented = Pick<Event, 'preventDefault'>;

export type AppSlice = Pick<
  App,
  | 'exit'
  | 'getLoginItemSettings'
  | 'getPreferredSystemLanguages'
  | 'isPackaged'
  | 'quit'
  | 'relaunch'
  | 'requestSingleInstanceLock'
  | 'setAppUserModelId'
  | 'setAsDefaultProtocolClient'
  | 'setLoginItemSettings'
  | 'setPath'
  | 'whenReady'
> & {
  on(
    event: 'second-instance',
    listener: (event: Prevented, argv: string[], workingDirectory: string) => void,
  ): unknown;
  on(event: 'open-url' | 'open-file', listener: (event: Prevented, text: string) => void): unknown;
  on(event: 'before-quit' | 'will-quit', listener: (event: Prevented) => void): unknown;
  on(event: 'activate' | 'window-all-closed', listener: () => void): unknown;
  on(event: 'web-contents-created', listener: (event: Prevented, contents: GuardedContents) => void): unknown;
};

/** What the guard takes hold of in each page. */
export type GuardedContents = Pick<WebContents, 'setWindowOpenHandler'> & {
  on(
    event: 'will-navigate' | 'will-redirect',
    listener: (event: Prevented & { readonly url: string }) => void,
  ): unknown;
  on(
    event: 'will-frame-navigate',
    listener: (event: Prevented & { readonly url: string; readonly isMainFrame: boolean }) => void,
  ): unknown;
  on(event: 'will-attach-webview', listener: (event: Prevented) => void): unknown;
};

export type ContentsSlice = Pick<WebContents, 'send' | 'id'> & {
  on(event: 'render-process-gone', listener: () => void): unknown;
};

export type WindowSlice = Pick<
  BrowserWindow,
  | 'destroy'
  | 'focus'
  | 'getNormalBounds'
  | 'isDestroyed'
  | 'isMaximized'
  | 'isMinimized'
  | 'loadURL'
  | 'maximize'
  | 'minimize'
  | 'restore'
  | 'show'
> & {
  readonly webContents: ContentsSlice;
  on(event: 'close', listener: (event: Prevented) => void): unknown;
  on(event: 'closed' | 'ready-to-show', listener: () => void): unknown;
};
export type MakeWindow = (options: BrowserWindowConstructorOptions) => WindowSlice;

/** Who sent a message: `senderFrame` is null when the frame is gone already. */
export interface SenderEvent {
  readonly sender: { readonly id: number };
  readonly senderFrame: {
    readonly url: string;
    readonly parent: unknown;
    postMessage(channel: string, message: unknown, transfer?: MessagePortMain[]): void;
  } | null;
}
export interface IpcSlice {
  on(channel: string, listener: (event: SenderEvent, ...args: unknown[]) => void): unknown;
}
export type PortMain = MessagePortMain;
export type MakeChannel = () => { readonly port1: PortMain; readonly port2: PortMain };

export interface TraySlice {
  setImage(image: NativeImage): void;
  setToolTip(text: string): void;
  setContextMenu(menu: MenuSlice): void;
  destroy(): void;
  on(event: 'click', listener: () => void): unknown;
}
/** An `Electron.Menu`, which the shell only hands from one to the other. */
export type MenuSlice = Electron.Menu;
export type MakeTray = (image: NativeImage) => TraySlice;
export type BuildMenu = (template: MenuItemConstructorOptions[]) => MenuSlice;

export interface NotificationSlice {
  show(): void;
  on(event: 'click' | 'close', listener: () => void): unknown;
}
export type MakeNotification = (options: NotificationConstructorOptions) => NotificationSlice;

export interface PowerSlice {
  on(event: 'suspend' | 'resume' | 'lock-screen' | 'unlock-screen', listener: () => void): unknown;
  /** Electron hands an event over, but its types do not say so. */
  on(event: 'shutdown', listener: (event?: Prevented) => void): unknown;
}
export type ScreenSlice = Pick<Screen, 'getAllDisplays'>;
export type SafeStorageSlice = Pick<
  SafeStorage,
  'decryptStringAsync' | 'encryptStringAsync' | 'getSelectedStorageBackend' | 'isAsyncEncryptionAvailable'
>;
export type SessionSlice = Pick<Session, 'setPermissionCheckHandler' | 'setPermissionRequestHandler'> & {
  readonly protocol: Pick<Protocol, 'handle'>;
};
export type ShortcutSlice = Pick<GlobalShortcut, 'register' | 'unregisterAll'>;
export type ShellSlice = Pick<Shell, 'openExternal'>;
export type ThemeSlice = Pick<NativeTheme, 'shouldUseDarkColors'> & {
  on(event: 'updated', listener: () => void): unknown;
};

export interface ElectronApi {
  readonly app: AppSlice;
  readonly ipc: IpcSlice;
  readonly power: PowerSlice;
  readonly screen: ScreenSlice;
  readonly safeStorage: SafeStorageSlice;
  readonly shortcuts: ShortcutSlice;
  readonly shell: ShellSlice;
  readonly theme: ThemeSlice;
  readonly clipboard: { writeText(text: string): void };
  /** The default session, once the app is ready. */
  readonly session: () => SessionSlice;
  readonly makeWindow: MakeWindow;
  readonly makeChannel: MakeChannel;
  readonly makeTray: MakeTray;
  readonly buildMenu: BuildMenu;
  readonly setAppMenu: (menu: MenuSlice) => void;
  readonly makeNotification: MakeNotification;
  readonly readImage: (path: string) => NativeImage;
  readonly askBox: (options: {
    readonly message: string;
    readonly detail: string;
    readonly buttons: string[];
  }) => Promise<number>;
}
