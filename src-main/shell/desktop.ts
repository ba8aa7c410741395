/**
 * The desktop app, from its start to its running parts. Everything it touches is handed in, so that it runs in tests as
 * it ships.
 *
 * ```
 * single instance ─► ready ─► guards, app:// ─► desktop-run.ts: host ─► proxy of a killed run put back ─► tray ─► window
 * ```
 */
import { join } from 'node:path';
import type { DesktopOptions } from './desktop-options.ts';
import { type Desktop, runDesktop } from './desktop-run.ts';
import { parseLaunch } from './launch-args.ts';
import { OpenedInbox } from './opened-inbox.ts';
import { guardPages, guardSession } from './page-guard.ts';
import { SCHEME, servePage } from './page-scheme.ts';

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
  const inbox = new OpenedInbox(app);
  // A checkout would register Electron's own program.
  if (app.isPackaged) app.setAsDefaultProtocolClient('culvert');
  guardPages(app, api.shell);
  await app.whenReady();
  guardSession(api.session());
  api.session().protocol.handle(SCHEME, servePage(options.page));
  return runDesktop(options, inbox, parseLaunch(argv));
}
