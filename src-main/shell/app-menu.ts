/** The menu bar of macOS: without one a Mac has no keys to copy and paste by. Elsewhere the page has all there is. */
import type { MenuItemConstructorOptions } from 'electron';
import type { Messages } from '../../src-shared/i18n/messages.ts';
import type { BuildMenu, MenuSlice } from './electron-api.ts';

/** What each does is the system's (`role`); its words are ours, since Electron has English alone. */
export function appMenu({ app, tray, desktop }: Messages): MenuItemConstructorOptions[] {
  const { menu } = desktop;
  return [
    {
      label: app.name,
      submenu: [
        { role: 'about', label: menu.about },
        { type: 'separator' },
        { role: 'services', label: menu.services },
        { type: 'separator' },
        { role: 'hide', label: menu.hide },
        { role: 'hideOthers', label: menu.hideOthers },
        { role: 'unhide', label: menu.showAll },
        { type: 'separator' },
        { role: 'quit', label: tray.quit },
      ],
    },
    {
      label: menu.edit,
      submenu: [
        { role: 'undo', label: menu.undo },
        { role: 'redo', label: menu.redo },
        { type: 'separator' },
        { role: 'cut', label: menu.cut },
        { role: 'copy', label: menu.copy },
        { role: 'paste', label: menu.paste },
        { role: 'selectAll', label: menu.selectAll },
      ],
    },
    {
      label: menu.view,
      submenu: [
        { role: 'resetZoom', label: menu.actualSize },
        { role: 'zoomIn', label: menu.zoomIn },
        { role: 'zoomOut', label: menu.zoomOut },
      ],
    },
    {
      role: 'window',
      label: menu.window,
      submenu: [
        { role: 'minimize', label: menu.minimize },
        { role: 'close', label: menu.close },
      ],
    },
  ];
}

/** Puts it there in the language of the time. */
export class AppMenu {
  private readonly build: BuildMenu;
  private readonly set: (menu: MenuSlice) => void;
  private shown: Messages | undefined;

  constructor(build: BuildMenu, set: (menu: MenuSlice) => void) {
    this.build = build;
    this.set = set;
  }

  take(texts: Messages): void {
    if (texts === this.shown) return;
    this.shown = texts;
    this.set(this.build(appMenu(texts)));
  }
}
