/**
 * The desktop app: puts the parts together. Everything it touches is handed in, so that it runs in tests as it ships.
 *
 * ```
 * single instance ─► ready ─► guards, app:// ─► host ─► proxy of a killed run put back ─► tray ─► window
 * ```
 */
import { join } from 'node:path';
import { fill } from '../../src-shared/i18n/fill.ts';
import { makeAutostart } from './autostart.ts';
import { type DesktopHost, openDesktopHost } from './desktop-host.ts';
import { clockSettings, desktopInfo } from './desktop-info.ts';
import type { DesktopOptions } from './desktop-options.ts';
import { makeTray, makeUpdates } from './desktop-parts.ts';
import { SettingsFollower } from './desktop-settings.ts';
import type { NotificationSlice } from './electron-api.ts';
import { type LaunchArgs, type Opened, parseLaunch } from './launch-args.ts';
import { MainWindow } from './main-window.ts';
import { Notifier } from './notifier.ts';
import { openedText } from './opened-text.ts';
import { guardPages, guardSession } from './page-guard.ts';
import { PagePipes } from './page-pipes.ts';
import { SCHEME, servePage } from './page-scheme.ts';
import { placeFile } from './place-file.ts';
import { followPower } from './power.ts';
import { ProxyJournal } from './proxy/proxy-journal.ts';
import { SystemProxy } from './proxy/system-proxy.ts';
import { proxySystems } from './proxy/systems.ts';
import { Quitting } from './quitting.ts';
import { Shortcut } from './shortcut.ts';
import { followState } from './state-follower.ts';
import { actOnTray } from './tray-actions.ts';
import { isTrayAvailable } from './tray-available.ts';
import type { TrayAction } from './tray-model.ts';
import { TrayView } from './tray-view.ts';
import { type Updates, updateWay } from './updates.ts';

export interface Desktop {
  readonly window: MainWindow;
  readonly quitting: Quitting;
  readonly host: DesktopHost['host'];
  readonly view: TrayView;
  /** A click in the tray. */
  readonly act: (action: TrayAction) => void;
}

/** Resolves when the app runs; undefined: another instance does, and was told. Rejects with what the stores throw. */
export async function startDesktop(options: DesktopOptions): Promise<Desktop | undefined> {
  const { api, directory, argv } = options;
  const { app } = api;
  // Chromium's own files, and the lock of the single instance, which is one for each data directory.
  app.setPath('userData', join(directory, 'window'));
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return undefined;
  }
  const inbox = new Inbox();
  app.on('second-instance', (_event, others) => inbox.put(parseLaunch(others).opened));
  app.on('open-url', (event, text) => {
    event.preventDefault();
    inbox.put(parseLaunch(['', text]).opened);
  });
  app.on('open-file', (event, path) => {
    event.preventDefault();
    inbox.put({ kind: 'file', path });
  });
  // A checkout would register Electron's own program.
  if (app.isPackaged) app.setAsDefaultProtocolClient('culvert');
  guardPages(app, api.shell);
  await app.whenReady();
  guardSession(api.session());
  api.session().protocol.handle(SCHEME, servePage(options.page));
  return run(options, inbox, parseLaunch(argv));
}

/** What other instances and the system ask for before there is a window to show it. */
class Inbox {
  private take: ((opened: Opened | undefined) => void) | undefined;
  private first: Opened | undefined;

  put(opened: Opened | undefined): void {
    if (this.take !== undefined) this.take(opened);
    else this.first = opened ?? this.first;
  }

  open(take: (opened: Opened | undefined) => void): Opened | undefined {
    this.take = take;
    return this.first;
  }
}

async function run(options: DesktopOptions, inbox: Inbox, launch: LaunchArgs): Promise<Desktop> {
  const { api, directory, platform, env, run: runCommand } = options;
  const { app } = api;
  const autostart = makeAutostart({ app, platform, env, home: options.home, execPath: options.execPath });
  const way = options.updater === undefined ? undefined : updateWay(platform, env, app.isPackaged);
  const trayThere = (): Promise<boolean> => isTrayAvailable(platform, runCommand);
  const info = desktopInfo({
    ...options.versions,
    platform,
    can: {
      startAtLogin: autostart !== undefined,
      notifications: options.notifications,
      updates: way !== undefined,
      tray: await trayThere(),
    },
  });
  let updates: Updates | undefined;
  const desktopHost = await openDesktopHost({
    directory,
    files: options.files,
    info,
    platform,
    safeStorage: api.safeStorage,
    startEngine: options.startEngine,
    hooks: {
      checkUpdate: async () => updates?.checkUpdate(),
      loadUpdate: async () => updates?.loadUpdate(),
      installUpdate: async () => updates?.installUpdate(),
      openClockSettings: () => api.shell.openExternal(clockSettings(platform) ?? ''),
    },
  });
  const { host, pipes } = desktopHost;
  const { hub, stats, runs } = host;
  const log = (text: string): void => host.log('info', text);
  const warn = (text: string): void => host.log('warn', text);
  const sample = () => stats.sample(Date.now(), 1_000, null);

  const proxy = new SystemProxy({
    systems: proxySystems(platform, env),
    run: runCommand,
    journal: new ProxyJournal(join(directory, 'system-proxy.json')),
    startWatchdog: options.startWatchdog,
    log: warn,
  });
  await proxy.recover();

  const quitting = new Quitting({ app, log: warn, drain: () => drain() });
  const pagePipes = new PagePipes({
    ipc: api.ipc,
    makeChannel: api.makeChannel,
    serve: (port) => pipes.servePort(port),
    isOurs: (id) => window.isOurs(id),
    onReady: () => window.pageReady(),
    onRefused: (url) => warn(`a message of a page that is not ours was refused: ${url.slice(0, 256)}`),
  });
  const window = new MainWindow({
    makeWindow: api.makeWindow,
    screen: api.screen,
    place: placeFile(join(directory, 'window.json')),
    preload: options.preload,
    icon: options.windowIcon,
    title: 'Culvert',
    isDark: () => api.theme.shouldUseDarkColors,
    mustStay: () => !tray.isThere && platform !== 'darwin' && isAnythingOn() && !quitting.begun,
    onClosed: (id) => pagePipes.close(id),
  });
  const isAnythingOn = (): boolean => Object.values(hub.state.statuses).some(({ on }) => on);

  const notes = new Set<NotificationSlice>();
  const view = new TrayView({
    state: () => hub.state,
    preferredLanguages: () => app.getPreferredSystemLanguages(),
    figures: () => sample().total,
    show: (model) => tray.show(model),
    notifier: new Notifier(),
    notify: ({ title, body }) => {
      const notification = api.makeNotification({ title, body });
      // Nobody else holds it, and what is collected hears no click.
      notes.add(notification);
      notification.on('close', () => notes.delete(notification));
      notification.on('click', () => window.open());
      notification.show();
    },
    now: Date.now,
  });
  const act = (action: TrayAction): void =>
    actOnTray(action, {
      host,
      open: () => window.open(),
      quit: () => void quitting.quit(),
      copy: (text) => api.clipboard.writeText(text),
    });
  const tray = makeTray(options, view.model, act, {
    isAvailable: trayThere,
    onChange: (there) => {
      const { host: shown } = hub.state;
      hub.set({
        host: { ...shown, capabilities: { ...shown.capabilities, tray: there, startHidden: there } },
      });
      // The icon is gone with its panel: the window is the only way in.
      if (!there) window.open();
    },
  });
  api.theme.on('updated', () => tray.repaint());

  updates = makeUpdates(options, way, {
    texts: () => view.texts,
    show: (update) => hub.set({ update }),
    liveStreams: () => sample().total.connections,
    drain: () => quitting.drain(),
  });
  const shortcut = new Shortcut(
    api.shortcuts,
    () => window.open(),
    (keys) => warn(fill(view.texts.desktop.shortcutTaken, { keys })),
  );
  const settings = new SettingsFollower({
    autostart,
    shortcut,
    updates,
    proxy,
    setTheme: options.setTheme,
    log: warn,
  });
  const unfollow = followState(hub, (state) => {
    settings.take(state);
    view.update();
  });
  followPower({
    power: api.power,
    networkChanged: (online) => runs.networkChanged(online),
    retryNow: () => runs.retryNow(null),
    shutDown: () => void quitting.quit(),
    log,
  });

  async function drain(): Promise<void> {
    unfollow();
    view.stop();
    updates?.stop();
    shortcut.release();
    // First of all: a machine without its proxy has no internet.
    await proxy.set(undefined);
    await desktopHost.close();
    tray.stop();
  }

  app.on('activate', () => window.open());
  app.on('window-all-closed', () => {
    // Closing the window keeps the tunnels, where there is something to come back by.
    if (!tray.isThere && platform !== 'darwin' && !isAnythingOn()) void quitting.quit();
  });
  const showOpened = async (opened: Opened | undefined): Promise<void> => {
    const text = opened === undefined ? undefined : await openedText(opened);
    if (text === undefined) window.open();
    else window.showImport(text);
  };
  /** The login item of a Mac has no arguments: the system tells by itself. */
  const atLogin = (): boolean =>
    platform === 'darwin' && host.config.settings.startHidden && app.getLoginItemSettings().wasOpenedAtLogin;
  host.start();
  const hasTray = await tray.start();
  const first = inbox.open((opened) => void showOpened(opened)) ?? launch.opened;
  if (first !== undefined) await showOpened(first);
  else if (!(hasTray && (launch.hidden || atLogin()))) window.open();
  return { window, quitting, host, view, act };
}
