/** The host with the page in a browser: `culvert ui`. */
import type { HostInfo } from '../../src-shared/state.ts';
import { lockDirectory } from './directory-lock.ts';
import { Host, type HostOptions } from './host.ts';
import { Pipes } from './router.ts';
import { readToken } from './web-access.ts';
import { type WebOptions, WebServer } from './web-server.ts';

export interface HeadlessOptions {
  readonly directory: string;
  readonly version: string;
  readonly listen: WebOptions['listen'];
  readonly tls?: WebOptions['tls'];
  readonly names?: readonly string[];
  readonly page?: string;
  readonly startEngine?: HostOptions['startEngine'];
}

export interface Headless {
  readonly host: Host;
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** What a host without a desktop can do. */
export function headlessInfo(version: string): HostInfo {
  return {
    kind: 'headless',
    version,
    platform: `${process.platform} ${process.arch}`,
    runtime: `node ${process.versions.node}`,
    time: 0,
    capabilities: {
      startAtLogin: false,
      startHidden: false,
      notifications: false,
      updates: false,
      tray: false,
      clockSettings: false,
      shortcut: false,
      systemProxy: false,
      portOwner: ['linux', 'darwin', 'win32'].includes(process.platform),
      kcp: true,
      udpRules: true,
    },
  };
}

/** Starts everything. Throws what the stores and the listener throw; nothing is left running then. */
export async function startHeadless(options: HeadlessOptions): Promise<Headless> {
  const lock = await lockDirectory(options.directory);
  try {
    const running = await startLocked(options);
    return {
      ...running,
      close: async () => {
        await running.close();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function startLocked(options: HeadlessOptions): Promise<Headless> {
  const { directory, version, listen, tls, names, page, startEngine } = options;
  const host = new Host({ directory, info: headlessInfo(version), startEngine });
  const web = new WebServer({
    pipes: new Pipes(host),
    token: readToken(directory),
    listen,
    tls,
    names,
    page,
  });
  try {
    const { url, port } = await web.start();
    host.start();
    const close = async (): Promise<void> => {
      await web.close();
      await host.close();
    };
    return { host, url, port, close };
  } catch (error) {
    await host.close();
    throw error;
  }
}
