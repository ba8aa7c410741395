/** The entry of the desktop app, and the one file that loads Electron: it only wires. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  app,
  BrowserWindow,
  clipboard,
  dialog,
  globalShortcut,
  ipcMain,
  Menu,
  MessageChannelMain,
  Notification,
  nativeImage,
  nativeTheme,
  powerMonitor,
  protocol,
  safeStorage,
  screen,
  session,
  shell,
  Tray,
} from 'electron';
import ElectronStore from 'electron-store';
import electronUpdater from 'electron-updater';
import { threadedEngine } from '../host/engine-link.ts';
import { describeFailure } from './describe-failure.ts';
import { startDesktop } from './desktop.ts';
import type { Desktop } from './desktop-run.ts';
import type { ElectronApi } from './electron-api.ts';
import { electronFiles } from './electron-files.ts';
import { parseLaunch } from './launch-args.ts';
import { SCHEME_PRIVILEGES } from './page-scheme.ts';
import { APP_ID, releasePage, repositoryPage } from './product.ts';
import { startWatchdog } from './proxy/watchdog.ts';
import { runCommand } from './run-command.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const api: ElectronApi = {
  app,
  ipc: ipcMain,
  power: powerMonitor,
  screen,
  safeStorage,
  shortcuts: globalShortcut,
  shell,
  theme: nativeTheme,
  clipboard,
  session: () => session.defaultSession,
  makeWindow: (options) => new BrowserWindow(options),
  makeChannel: () => new MessageChannelMain(),
  makeTray: (image) => new Tray(image),
  buildMenu: (template) => Menu.buildFromTemplate(template),
  setAppMenu: (menu) => Menu.setApplicationMenu(menu),
  makeNotification: (options) => new Notification(options),
  readImage: (path) => nativeImage.createFromPath(path),
  askBox: async ({ message, detail, buttons }) =>
    (await dialog.showMessageBox({ type: 'question', message, detail, buttons, defaultId: 0, cancelId: 0 }))
      .response,
};

app.enableSandbox();
protocol.registerSchemesAsPrivileged([SCHEME_PRIVILEGES]);
app.setAppUserModelId(APP_ID);
// The page has its own menus. macOS gets one once the language is known.
if (process.platform !== 'darwin') Menu.setApplicationMenu(null);

/** The tests that drive real Electron look at the app by this. A packed app has no such thing. */
function leaveForTests(desktop: Desktop | undefined): void {
  if (!app.isPackaged) Object.assign(globalThis, { culvertDesktop: desktop });
}

const { data } = parseLaunch(process.argv);
const directory = data ?? join(app.getPath('appData'), 'culvert');
const repository = repositoryPage(JSON.parse(readFileSync(at('../../../package.json'), 'utf8')));
startDesktop({
  api,
  platform: process.platform,
  env: process.env,
  argv: process.argv,
  home: homedir(),
  execPath: process.execPath,
  versions: { version: app.getVersion(), electron: process.versions.electron, arch: process.arch },
  directory,
  files: electronFiles(directory, ElectronStore, ipcMain),
  page: at('../../renderer'),
  preload: at('./preload.cjs'),
  trayIcons: at('../../../assets/tray'),
  windowIcon: process.platform === 'linux' ? at('../../../assets/icons/256x256.png') : undefined,
  run: runCommand,
  startWatchdog,
  // One CommonJS file, which Electron reads out of app.asar; the modules one by one are for Node.
  startEngine: threadedEngine(new URL('../host/engine-worker.cjs', import.meta.url)),
  updater: app.isPackaged && repository !== undefined ? electronUpdater.autoUpdater : undefined,
  releasePage: (version) => releasePage(repository ?? '', version),
  notifications: Notification.isSupported(),
  setTheme: (theme) => {
    nativeTheme.themeSource = theme;
  },
}).then(leaveForTests, (error: unknown) => {
  dialog.showErrorBox('Culvert', describeFailure(error));
  app.exit(1);
});
