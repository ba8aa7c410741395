import { spawn } from 'node:child_process';
import { CulvertError, systemCode } from '../engine/index.ts';
import { HostError } from '../host/failures.ts';
import { type Headless, startHeadless } from '../host/headless.ts';
import { readVersion } from './help.ts';
import { say } from './print.ts';
import { onStopSignal } from './stop-signals.ts';
import { DEFAULT_UI_HOST, type UiOptions } from './ui-options.ts';

/** `culvert ui`: serves the page until it is asked to stop; asked twice, it stops at once. Rejects with a CulvertError. */
export async function runUi(options: UiOptions): Promise<void> {
  const stops: (() => void)[] = [];
  const [stopped, atOnce] = [0, 1].map(() => new Promise<void>((resolve) => stops.push(resolve)));
  onStopSignal(() => stops.shift()?.());
  const headless = await start(options);
  say(`Culvert is at ${headless.url}`);
  if (options.open) openBrowser(headless.url);
  await stopped;
  await Promise.race([headless.close(), atOnce]);
}

/** The usual port, or any other where it is taken and nobody asked for it. */
async function start(options: UiOptions): Promise<Headless> {
  const { directory, listen, tls, names, listenGiven } = options;
  const common = { directory, tls, names, version: readVersion() };
  try {
    return await startHeadless({ ...common, listen });
  } catch (error) {
    if (error instanceof HostError) {
      // The files of the data directory: as a config file that is wrong.
      const { message, remedy } = error.failure;
      throw new CulvertError('ERR_BAD_CONFIG', message, { remedy, cause: error });
    }
    if (listenGiven || !isPortInUse(error)) throw error;
    return startHeadless({ ...common, listen: { host: DEFAULT_UI_HOST, port: 0 } });
  }
}

function isPortInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_PORT_IN_USE';
}

/** By the system's own opener; the address stands in the terminal for when there is none. */
function openBrowser(url: string): void {
  const [command, args] =
    process.platform === 'win32'
      ? ['rundll32', ['url.dll,FileProtocolHandler', url]]
      : [process.platform === 'darwin' ? 'open' : 'xdg-open', [url]];
  const child = spawn(command as string, args as string[], { stdio: 'ignore', detached: true });
  child.once('error', (error) => {
    say(`the browser could not be opened (${systemCode(error) ?? error.message}): open the address yourself`);
  });
  child.unref();
}
