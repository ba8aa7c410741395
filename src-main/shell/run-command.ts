/** Runs the system's own commands: with arguments as they are, without a shell, for a limited time. */
import { execFile } from 'node:child_process';

export interface CommandResult {
  /** -1: it could not be started, or took too long. */
  readonly code: number;
  readonly stdout: string;
}
export type RunCommand = (command: string, args: readonly string[]) => Promise<CommandResult>;

const LIMIT_MS = 5_000;
const MAX_OUTPUT = 1 << 20;

/** Never rejects. */
export const runCommand: RunCommand = (command, args) =>
  new Promise((resolve) => {
    const options = {
      timeout: LIMIT_MS,
      maxBuffer: MAX_OUTPUT,
      windowsHide: true,
      encoding: 'utf8' as const,
    };
    execFile(command, [...args], options, (error, stdout) => {
      if (error === null) resolve({ code: 0, stdout });
      else resolve({ code: typeof error.code === 'number' ? error.code : -1, stdout });
    });
  });
