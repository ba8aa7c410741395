/** Puts the running app together: host, window, tray, and what follows state, settings and the system. */
import { fill } from '../../src-shared/i18n/fill.ts';
import { AppMenu } from './app-menu.ts';
import { makeAutostart } from './autostart.ts';
import { type DesktopHost, openDesktopHost } from './desktop-host.ts';
import { clockSettings, desktopInfo } from './desktop-info.ts';
import type { DesktopOptions } from './desktop-options.ts';
import { makeMainWindow, makeNotify, makeSystemProxy, makeTray, makeUpdates } from './desktop-parts.ts';
import { SettingsFollower } from './desktop-settings.ts';
import { isInUse } from './in-use.ts';
import type { LaunchArgs, Opened } from './launch-args.ts';
import type { MainWindow } from './main-window.ts';
import { Notifier } from './notifier.ts';
import type { OpenedInbox } from './opened-inbox.ts';
import { openedText } from './opened-text.ts';
import { followPower } from './power.ts';
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

export async function runDesktop(
  options: DesktopOptions,
  inbox: OpenedInbox,
  launch: LaunchArgs,
): Promise<Desktop> {
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

  const proxy = makeSystemProxy(options, warn);
  await proxy.recover();

  const quitting = new Quitting({ app, log: warn, drain: () => drain() });
  /** Whether a closed window would be the end of what goes on: macOS has its dock, others the tray's icon. */
  const isOnlyWayIn = (): boolean => !tray.isThere && platform !== 'darwin';
  const window = makeMainWindow(options, {
    serve: (port) => pipes.servePort(port),
    mustStay: () => isOnlyWayIn() && isInUse(hub.state) && !quitting.begun,
    warn,
  });

  const view = new TrayView({
    state: () => hub.state,
    preferredLanguages: () => app.getPreferredSystemLanguages(),
    figures: () => sample().total,
    show: (model) => tray.show(model),
    notifier: new Notifier(),
    notify: makeNotify(options, () => window.open()),
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
    liveStreams: () => {
      const { total, server } = sample();
      return total.connections + (server?.connections ?? 0);
    },
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
  const menu = platform === 'darwin' ? new AppMenu(api.buildMenu, api.setAppMenu) : undefined;
  const unfollow = followState(hub, (state) => {
    settings.take(state);
    view.update();
    menu?.take(view.texts);
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
    if (isOnlyWayIn() && !isInUse(hub.state)) void quitting.quit();
  });
  const showOpened = async (opened: Opened | undefined): Promise<void> => {
    const text = opened === undefined ? undefined : await openedText(opened);
    if (text !== undefined) return window.showImport(text);
    if (opened?.kind === 'file')
      warn(`${opened.path} could not be opened: not there, or too large to import`);
    window.open();
  };
  /** The login item of a Mac has no arguments: the system tells by itself. */
  const atLogin = (): boolean =>
    platform === 'darwin' && host.config.settings.startHidden && app.getLoginItemSettings().wasOpenedAtLogin;
  host.start();
  const hasTray = await tray.start();
  const asked = inbox.isAsked;
  inbox.open((opened) => void showOpened(opened));
  if (launch.opened !== undefined && !asked) await showOpened(launch.opened);
  else if (!asked && !(hasTray && (launch.hidden || atLogin()))) window.open();
  return { window, quitting, host, view, act };
}
