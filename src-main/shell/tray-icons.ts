/** Which file is the tray's icon. The files are made by assets/build-icons.mjs. */
import { join } from 'node:path';
import type { TrayShape } from './tray-model.ts';

/**
 * macOS draws template images in the menu bar's own colour. On Windows and Linux panels are dark or light and the icon
 * is drawn for one: Linux panels are dark nearly everywhere whatever the theme of windows is.
 */
export function trayIconPath(
  folder: string,
  shape: TrayShape,
  platform: NodeJS.Platform,
  darkPanel: boolean,
): string {
  switch (platform) {
    case 'darwin':
      // The name's ending tells Electron, which also finds the @2x file beside it.
      return join(folder, `${shape}Template.png`);
    case 'win32':
      return join(folder, `${shape}-${darkPanel ? 'dark' : 'light'}.ico`);
    default:
      return join(folder, `${shape}-${darkPanel ? 'dark' : 'light'}.png`);
  }
}
