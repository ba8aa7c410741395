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
  /** The value that says whether any of the addresses is used. undefined: each says so itself. */
  readonly switchName?: string;
  /** Values that carry an address. */
  addresses(saved: Saved): readonly string[];
  /** What of a value tells whose it is. Default: all of it. */
  mark?(value: string): string;
  /** undefined: this system cannot be asked (another desktop, a missing program). */
  read(run: RunCommand): Promise<Saved | undefined>;
  /** In order; the one that switches it on is the last. */
  apply(endpoint: Endpoint, saved: Saved): readonly Command[];
  /** What is read once `apply` is done, of the values that it sets. */
  applied(endpoint: Endpoint, saved: Saved): Saved;
  /** Puts values back, in order; the one that switches ours off is the first. */
  undo(saved: Saved): readonly Command[];
}

/**
 * What is to be put back of `saved`, going by what is there `now`. Whoever was stopped half way, setting or putting back,
 * left some values ours and some as they were, and all of them go back. A value that is neither is a person's, who has
 * chosen something else meanwhile: it stays, and of an address the switch too, but nothing goes on pointing at us.
 */
export function toRestore(system: ProxySystem, endpoint: Endpoint, saved: Saved, now: Saved): Saved {
  const ours = system.applied(endpoint, saved);
  const mark = (value: string | null | undefined): string | null =>
    value == null ? null : (system.mark?.(value) ?? value);
  const isTheirs = (name: string): boolean =>
    ![ours[name], saved[name]].some((known) => mark(known) === mark(now[name]));
  const keepSwitch = system.addresses(saved).some(isTheirs);
  const back = Object.keys(saved).filter((name) => {
    // What it does not set it needs to go by.
    if (!(name in ours)) return true;
    if (isTheirs(name) || (keepSwitch && name === system.switchName)) return false;
    return (now[name] ?? null) !== saved[name];
  });
  return Object.fromEntries(back.map((name) => [name, saved[name]]));
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
