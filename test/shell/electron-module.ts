/** What `electron-store` gets of `electron` in tests: see vitest.config.ts. */
import { EventEmitter } from 'node:events';
import { tmpdir } from 'node:os';
import type { App, Shell } from 'electron';

export const app = {
  getPath: () => tmpdir(),
  getVersion: () => '0.1.0',
} satisfies Pick<App, 'getPath' | 'getVersion'>;
export const shell = { openPath: async () => '' } satisfies Pick<Shell, 'openPath'>;
export const ipcMain = new EventEmitter();
