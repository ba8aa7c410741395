/** Two parts of the desktop app that take many words to put together. */
import { fill } from '../../src-shared/i18n/fill.ts';
import type { Messages } from '../../src-shared/i18n/messages.ts';
import type { DesktopOptions } from './desktop-options.ts';
import { TrayIcon } from './tray.ts';
import { trayIconPath } from './tray-icons.ts';
import { TrayKeeper, type TrayKeeperOptions } from './tray-keeper.ts';
import type { TrayAction, TrayModel } from './tray-model.ts';
import { Updates, type UpdatesOptions, type updateWay } from './updates.ts';

export function makeTray(
  { api, platform, trayIcons }: DesktopOptions,
  model: TrayModel,
  act: (action: TrayAction) => void,
  keeping: Pick<TrayKeeperOptions, 'isAvailable' | 'onChange'>,
): TrayKeeper {
  const { makeTray: make, buildMenu, readImage, theme } = api;
  const isDark = (): boolean => platform !== 'win32' || theme.shouldUseDarkColors;
  return new TrayKeeper(
    {
      ...keeping,
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
  { api, updater, releasePage }: DesktopOptions,
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
    now: Date.now,
  });
}
