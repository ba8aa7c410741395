/** The tray icon: shows a model, and asks for what is clicked. */
import type { MenuItemConstructorOptions, NativeImage } from 'electron';
import { assertNever } from '../../src-shared/schema.ts';
import type { BuildMenu, MakeTray, TraySlice } from './electron-api.ts';
import type { TrayAction, TrayItem, TrayModel, TrayShape } from './tray-model.ts';

export interface TrayOptions {
  readonly makeTray: MakeTray;
  readonly buildMenu: BuildMenu;
  readonly icon: (shape: TrayShape) => NativeImage;
  readonly act: (action: TrayAction) => void;
}

/** Linux panels cannot take a menu whose items change: it is put there anew, so only when something has changed. */
export class TrayIcon {
  private readonly options: TrayOptions;
  private readonly tray: TraySlice;
  private shown: { shape: TrayShape; tip: string; menu: string };

  /** Throws what Electron throws where there can be no tray. */
  constructor(options: TrayOptions, model: TrayModel) {
    this.options = options;
    this.tray = options.makeTray(options.icon(model.shape));
    this.tray.on('click', () => options.act({ kind: 'open' }));
    this.shown = { shape: model.shape, tip: '', menu: '' };
    this.show(model);
  }

  show({ shape, tip, items }: TrayModel): void {
    const menu = JSON.stringify(items);
    if (shape !== this.shown.shape) this.tray.setImage(this.options.icon(shape));
    if (tip !== this.shown.tip) this.tray.setToolTip(tip);
    if (menu !== this.shown.menu) {
      this.tray.setContextMenu(this.options.buildMenu(template(items, this.options.act)));
    }
    this.shown = { shape, tip, menu };
  }

  /** The panel has become dark or light. */
  repaint(): void {
    this.tray.setImage(this.options.icon(this.shown.shape));
  }

  destroy(): void {
    this.tray.destroy();
  }
}

export function template(
  items: readonly TrayItem[],
  act: (action: TrayAction) => void,
): MenuItemConstructorOptions[] {
  return items.map((item): MenuItemConstructorOptions => {
    switch (item.kind) {
      case 'line':
        return { label: item.label, enabled: false };
      case 'separator':
        return { type: 'separator' };
      case 'command':
        return { label: item.label, click: () => act(item.action) };
      case 'check':
        return {
          label: item.label,
          type: 'checkbox',
          checked: item.checked,
          click: () => act(item.action),
        };
      case 'menu':
        return { label: item.label, submenu: template(item.items, act) };
      default:
        return assertNever(item);
    }
  });
}
