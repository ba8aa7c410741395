// Stands in for the module `electron` where the packed app runs in Node: as little of it as its start needs. Says what the
// app does with it, a line each, and quits once the page was served and the engine has answered.
const { EventEmitter } = require('node:events');
const { existsSync } = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');
const threads = require('node:worker_threads');

const say = (line) => process.stdout.write(`${line}\n`);
const done = new Set();
const reach = (what) => {
  if (done.has(what)) return;
  done.add(what);
  if (['page', 'preload', 'engine', 'tray'].every((one) => done.has(one))) app.quit();
};
process.resourcesPath = process.env.CULVERT_TEST_RESOURCES;

threads.Worker = class extends threads.Worker {
  constructor(script, options) {
    super(script, options);
    say(`thread ${script}`);
    this.on('message', ({ kind }) => {
      say(`engine ${kind}`);
      reach('engine');
    });
  }
};
syncBuiltinESMExports();

const app = new EventEmitter();
Object.assign(app, {
  isPackaged: true,
  enableSandbox: () => say('sandbox'),
  setAppUserModelId: (id) => say(`id ${id}`),
  setAsDefaultProtocolClient: (scheme) => say(`protocol ${scheme}`),
  setPath: () => {},
  getPath: () => '/nonexistent',
  getAppPath: () => '/nonexistent',
  getName: () => 'Culvert',
  getVersion: () => '0.1.0',
  getPreferredSystemLanguages: () => ['en'],
  getLoginItemSettings: () => ({ openAtLogin: false }),
  setLoginItemSettings: () => {},
  requestSingleInstanceLock: () => true,
  whenReady: async () => {},
  quit: () => app.emit('before-quit', { preventDefault: () => say('drains') }),
  exit: (code) => {
    say(`exit ${code}`);
    process.exit(code);
  },
});

let serve;
exports.app = app;
exports.BrowserWindow = class extends EventEmitter {
  constructor({ webPreferences }) {
    super();
    this.webContents = Object.assign(new EventEmitter(), { id: 1, send: () => {} });
    say(`preload ${existsSync(webPreferences.preload)} ${webPreferences.preload}`);
    const { user, system } = process.cpuUsage();
    say(
      `cost ${Math.round((user + system) / 1_000)} ms ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MB`,
    );
    reach('preload');
  }
  async loadURL(url) {
    const response = await serve(new Request(url));
    const text = await response.text();
    for (const [, path] of text.matchAll(/(?:src|href)="\.\/([^"]+)"/g)) {
      const part = await serve(new Request(new URL(path, url)));
      say(`page ${part.status} ${part.headers.get('content-type')}`);
    }
    say(`page ${response.status} ${response.headers.get('content-type')}`);
    reach('page');
  }
  isDestroyed() {
    return false;
  }
  isMinimized() {
    return false;
  }
  show() {}
  focus() {}
};
exports.clipboard = { writeText: () => {} };
exports.dialog = {
  showErrorBox: (_title, text) => say(`box ${text}`),
  showMessageBox: async () => ({ response: 0 }),
};
exports.globalShortcut = { register: () => true, unregisterAll: () => {} };
exports.ipcMain = new EventEmitter();
exports.Menu = { buildFromTemplate: (template) => ({ template }), setApplicationMenu: () => {} };
exports.MessageChannelMain = class {};
exports.Notification = class extends EventEmitter {
  static isSupported() {
    return false;
  }
};
exports.nativeImage = { createFromPath: (path) => ({ path }) };
exports.nativeTheme = Object.assign(new EventEmitter(), { shouldUseDarkColors: false });
exports.powerMonitor = new EventEmitter();
exports.protocol = {
  registerSchemesAsPrivileged: ([{ scheme }]) => say(`scheme ${scheme}`),
};
exports.safeStorage = {
  isAsyncEncryptionAvailable: async () => false,
  getSelectedStorageBackend: () => 'basic_text',
};
exports.screen = { getAllDisplays: () => [] };
exports.session = {
  defaultSession: {
    setPermissionRequestHandler: () => {},
    setPermissionCheckHandler: () => {},
    protocol: {
      handle: (_scheme, handler) => {
        serve = handler;
      },
    },
  },
};
exports.shell = { openExternal: async () => {} };
exports.Tray = class extends EventEmitter {
  constructor({ path }) {
    super();
    say(`tray ${existsSync(path)}`);
    reach('tray');
  }
  setImage() {}
  setToolTip() {}
  setContextMenu() {}
  destroy() {}
};
