/** The host of the desktop app: its directory locked, its keyring opened, its stores read. */
import { join } from 'node:path';
import type { HostInfo } from '../../src-shared/state.ts';
import type { DesktopHooks } from '../host/desktop-hooks.ts';
import { lockDirectory } from '../host/directory-lock.ts';
import type { StartEngine } from '../host/engine-link.ts';
import { Host } from '../host/host.ts';
import type { OpenJsonFile } from '../host/json-document.ts';
import { Pipes } from '../host/router.ts';
import type { SafeStorageSlice } from './electron-api.ts';
import { openKeyring } from './keyring.ts';

export interface DesktopHostOptions {
  readonly directory: string;
  readonly files: OpenJsonFile;
  readonly info: HostInfo;
  readonly hooks: DesktopHooks;
  readonly safeStorage: SafeStorageSlice;
  readonly platform: NodeJS.Platform;
  readonly startEngine?: StartEngine;
}

export interface DesktopHost {
  readonly host: Host;
  readonly pipes: Pipes;
  close(): Promise<void>;
}

/** Throws ERR_STORE and ERR_NEWER_VERSION; nothing is left behind then. */
export async function openDesktopHost(options: DesktopHostOptions): Promise<DesktopHost> {
  const { directory, files, info, hooks, safeStorage, platform, startEngine } = options;
  const lock = await lockDirectory(directory);
  try {
    const system = await openKeyring(safeStorage, join(directory, 'keyring.json'), platform);
    const host = new Host({
      directory,
      files,
      info,
      system,
      mustChooseStore: system === undefined,
      desktop: hooks,
      startEngine,
    });
    const close = async (): Promise<void> => {
      await host.close();
      await lock.release();
    };
    return { host, pipes: new Pipes(host), close };
  } catch (error) {
    await lock.release();
    throw error;
  }
}
