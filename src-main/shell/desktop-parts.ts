/** Parts of the desktop app that take many words to put together. */
import { join } from 'node:path';
import { fill } from '../../src-shared/i18n/fill.ts';
import type { Messages } from '../../src-shared/i18n/messages.ts';
import type { DesktopOptions } from './desktop-options.ts';
import type { NotificationSlice } from './electron-api.ts';
import { MainWindow, type MainWindowOptions } from './main-window.ts';
import type { Note } from './notifier.ts';
import { PagePipes, type PagePipesOptions } from './page-pipes.ts';
import { placeFile } from './place-file.ts';
import { ProxyJournal } from './proxy/proxy-journal.ts';
import { SystemProxy } from './proxy/system-proxy.ts';
import { proxySystems } from './proxy/systems.ts';
import { TrayIcon } from './tray.ts';
import { trayIconPath } from './tray-icons.ts';
import { TrayKeeper, type TrayKeeperOptions } from './tray-keeper.ts';
import type { TrayAction, TrayModel } from './tray-model.ts';
import { Updates, type UpdatesOptions, type updateWay } from './updates.ts';

/** Notifications that are held at a time; the oldest gives way. */
const MAX_NOTES = 32;

export function makeSystemProxy(options: DesktopOptions, log: (text: string) => void): SystemProxy {
  const { platform, env, directory, run, startWatchdog } = options;
  return new SystemProxy({
    systems: proxySystems(platform, env),
    run,
    journal: new ProxyJournal(join(directory, 'system-proxy.json')),
    startWatchdog,
    log,
  });
}

/** The window, and the pipes of its page. */
export function makeMainWindow(
  { api, directory, preload, windowIcon }: DesktopOptions,
  parts: Pick<MainWindowOptions, 'mustStay' | 'warn'> & Pick<PagePipesOptions, 'serve'>,
): MainWindow {
  const pipes = new PagePipes({
    ipc: api.ipc,
    makeChannel: api.makeChannel,
    serve: parts.serve,
    isOurs: (id) => window.isOurs(id),
    onReady: () => window.pageReady(),
    onRefused: (url) => parts.warn(`a message of a page that is not ours was refused: ${url.slice(0, 256)}`),
  });
  const window = new MainWindow({
    makeWindow: api.makeWindow,
    screen: api.screen,
    place: placeFile(join(directory, 'window.json')),
    preload,
    icon: windowIcon,
    title: 'Culvert',
    isDark: () => api.theme.shouldUseDarkColors,
    mustStay: parts.mustStay,
    onClosed: (id) => pipes.close(id),
    warn: parts.warn,
  });
  return window;
}

/** Shows notes; a click on one is `act`. */
export function makeNotify({ api }: DesktopOptions, act: () => void): (note: Note) => void {
  // Nobody else holds them, and what is collected hears no click. Not every system tells when one is gone.
  const held = new Set<NotificationSlice>();
  return ({ title, body }) => {
    const notification = api.makeNotification({ title, body });
    held.add(notification);
    for (const oldest of held) {
      if (held.size <= MAX_NOTES) break;
      held.delete(oldest);
    }
    notification.on('close', () => held.delete(notification));
    notification.on('click', act);
    notification.show();
  };
}

export function makeTray(
  { api, platform, trayIcons, trayRecheckMs }: DesktopOptions,
  model: TrayModel,
  act: (action: TrayAction) => void,
  keeping: Pick<TrayKeeperOptions, 'isAvailable' | 'onChange'>,
): TrayKeeper {
  const { makeTray: make, buildMenu, readImage, theme } = api;
  const isDark = (): boolean => platform !== 'win32' || theme.shouldUseDarkColors;
  return new TrayKeeper(
    {
      ...keeping,
      recheckMs: trayRecheckMs,
      makeIcon: (first) =>
        new TrayIcon(
          {
            makeTray: make,
            buildMenu,
            icon: (shape) => readImage(trayIconPath(trayIcons, shape, platform, isDark())),
            act,
          },
          first,
        ),
    },
    model,
  );
}

/** undefined: this app was not installed, or is updated by others. */
export function makeUpdates(
  { api, env, updater, releasePage }: DesktopOptions,
  way: ReturnType<typeof updateWay>,
  parts: Pick<UpdatesOptions, 'show' | 'liveStreams' | 'drain'> & { readonly texts: () => Messages },
): Updates | undefined {
  if (way === undefined || updater === undefined) return undefined;
  const { texts, ...rest } = parts;
  return new Updates({
    ...rest,
    updater,
    installs: way === 'installs',
    openReleases: (version) => void api.shell.openExternal(releasePage(version)).catch(() => {}),
    mayCut: async (count) => {
      const { desktop } = texts();
      const message = fill(count === 1 ? desktop.cutTitle_one : desktop.cutTitle_other, { count });
      return (
        (await api.askBox({
          message,
          detail: desktop.cutLine,
          buttons: [desktop.later, desktop.restart],
        })) === 1
      );
    },
    restart: () => {
      // An AppImage is mounted at another place each time: $APPIMAGE is the file itself.
      api.app.relaunch(env.APPIMAGE ? { execPath: env.APPIMAGE } : undefined);
      api.app.exit(0);
    },
    now: Date.now,
  });
}
