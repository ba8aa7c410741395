/** Start with the user's session, on the three systems. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDirectory } from '../host/make-directory.ts';
import type { AppSlice } from './electron-api.ts';

export interface Autostart {
  isOn(): boolean;
  /** Throws what the system throws when it may not be written. */
  set(on: boolean, hidden: boolean): void;
}

export interface AutostartOptions {
  readonly app: Pick<AppSlice, 'getLoginItemSettings' | 'setLoginItemSettings'>;
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  readonly execPath: string;
}

/** undefined: Flatpak and Snap give a program no way to do it by itself, so the setting is not shown. */
export function makeAutostart(options: AutostartOptions): Autostart | undefined {
  const { platform, env } = options;
  if (platform === 'darwin' || platform === 'win32') return loginItem(options);
  if (env.FLATPAK_ID !== undefined || env.SNAP !== undefined) return undefined;
  return desktopFile(options);
}

function loginItem({ app, platform, execPath }: AutostartOptions): Autostart {
  // Windows compares the arguments too: asked without them it says that there is none.
  const args = (hidden: boolean): string[] => (hidden ? ['--hidden'] : []);
  const isWindows = platform === 'win32';
  return {
    isOn: () => {
      if (!isWindows) return app.getLoginItemSettings().openAtLogin;
      return [true, false].some(
        (hidden) => app.getLoginItemSettings({ path: execPath, args: args(hidden) }).openAtLogin,
      );
    },
    set: (on, hidden) => {
      app.setLoginItemSettings(
        isWindows ? { openAtLogin: on, path: execPath, args: args(hidden) } : { openAtLogin: on },
      );
    },
  };
}

/** https://specifications.freedesktop.org/autostart-spec/latest/ */
function desktopFile({ env, home, execPath }: AutostartOptions): Autostart {
  const path = join(env.XDG_CONFIG_HOME || join(home, '.config'), 'autostart', 'culvert.desktop');
  // An AppImage is mounted at another place each time: $APPIMAGE is the file itself.
  const program = env.APPIMAGE || execPath;
  return {
    isOn: () => {
      const text = read(path);
      return text !== undefined && !/^Hidden=true$/m.test(text);
    },
    set: (on, hidden) => {
      if (!on) return rmSync(path, { force: true });
      const text = printDesktopFile(program, hidden);
      if (read(path) === text) return;
      makeDirectory(dirname(path));
      writeFileSync(path, text, { mode: 0o644 });
    },
  };
}

export function printDesktopFile(program: string, hidden: boolean): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Version=1.0',
    'Name=Culvert',
    'Comment=Forwards local ports',
    `Exec=${quoteExec(program)}${hidden ? ' --hidden' : ''}`,
    'Icon=culvert',
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

/** The Exec key of the Desktop Entry Specification: quoted, `"` `` ` `` `$` `\` escaped, then once more as a string; `%` doubled. */
export function quoteExec(program: string): string {
  const quoted = program.replace(/["`$\\]/g, '\\$&').replaceAll('\\', '\\\\');
  return `"${quoted.replaceAll('%', '%%')}"`;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
