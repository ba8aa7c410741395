/** A small process that outlives the app and runs the undo when the app dies without having done it. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Command } from './proxy-system.ts';

export interface Watchdog {
  /** All is put back: it is not needed any more. */
  dismiss(): void;
}
export type StartWatchdog = (undo: readonly Command[]) => Watchdog;

/** Reads a line from a pipe that only the app holds. Its end without the word `done` means that the app has died. */
export function watchdogScript(undo: readonly Command[], platform: NodeJS.Platform): readonly string[] {
  const isWindows = platform === 'win32';
  const quote = (text: string): string => `'${text.replaceAll("'", isWindows ? "''" : "'\\''")}'`;
  const line = ({ program, args }: Command): string => [program, ...args].map(quote).join(' ');
  if (isWindows) {
    const lines = undo.map((command) => `& ${line(command)}`).join('; ');
    const script = `if ([Console]::In.ReadLine() -ne 'done') { ${lines} }`;
    return ['powershell.exe', '-NoProfile', '-NonInteractive', '-Command', script];
  }
  const lines = undo.map((command) => line(command)).join('; ');
  // A session's end sends the signal to everybody: the watchdog is needed just then.
  return ['/bin/sh', '-c', `trap '' HUP INT TERM; read -r word; [ "$word" = done ] || { ${lines}; }`];
}

export function startWatchdog(undo: readonly Command[], platform = process.platform): Watchdog {
  const [program, ...args] = watchdogScript(undo, platform);
  const child: ChildProcess = spawn(program, args, {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    windowsHide: true,
  });
  // Without it the journal still puts everything back at the next start.
  child.on('error', () => {});
  child.stdin?.on('error', () => {});
  child.unref();
  return { dismiss: () => child.stdin?.end('done\n') };
}
