/** What it takes to set a system's proxy and to put it back: values that were read, and commands that set them. */
import type { RunCommand } from '../run-command.ts';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}
/** Values as the system gave them, by names that only their system understands; null: it was not there. */
export type Saved = Readonly<Record<string, string | null>>;

export interface ProxySystem {
  readonly name: 'gnome' | 'kde' | 'macos' | 'windows';
  /** undefined: this system cannot be asked (another desktop, a missing program). */
  read(run: RunCommand): Promise<Saved | undefined>;
  /** In order; the one that switches it on is the last. */
  apply(endpoint: Endpoint, saved: Saved): readonly Command[];
  /** In order; the one that switches ours off is the first, so that a machine is never left with half of it. */
  undo(saved: Saved): readonly Command[];
  /** Whether what was read points at the endpoint: what a person has changed since is left alone. */
  isOurs(now: Saved, endpoint: Endpoint): boolean;
}

/** Output of a command as one line, or undefined when it failed. */
export async function readLine(
  run: RunCommand,
  program: string,
  args: readonly string[],
): Promise<string | undefined> {
  const { code, stdout } = await run(program, args);
  return code === 0 ? stdout.replace(/\r?\n$/, '') : undefined;
}
