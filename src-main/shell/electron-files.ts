import type ElectronStore from 'electron-store';
import { type OpenJsonFile, storeFiles, storeOptions } from '../host/json-document.ts';

/** By it `electron-store` tells whoever asks where the app keeps its files. */
export const STORE_CHANNEL = 'electron-store-get-data';

/**
 * The host's files by `electron-store`, which is loaded where Electron is (main.ts). Its first store listens for
 * messages of pages and answers each with a path of this machine; no page of Culvert's has a use for that, so the
 * listener is taken away again before any message can come.
 */
export function electronFiles(
  directory: string,
  Store: typeof ElectronStore,
  ipc: { removeAllListeners(channel: string): unknown },
): OpenJsonFile {
  return storeFiles((name) => {
    const store = new Store<Record<string, unknown>>({ ...storeOptions(directory), name });
    ipc.removeAllListeners(STORE_CHANNEL);
    return store;
  });
}
