import { fileURLToPath } from 'node:url';

/** What the app was started with: by a person, by the system at login, by a link, by a file that was opened. */
export interface LaunchArgs {
  /** `--hidden`: the login item's, or a person's. */
  readonly hidden: boolean;
  /** `--data DIR`, as `culvert ui` has it. */
  readonly data: string | undefined;
  /** The text to import: a `culvert://` link, or the path of a file. Never applied, only shown. */
  readonly opened: Opened | undefined;
}
export type Opened =
  | { readonly kind: 'link'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string };

/** No link is longer (MAX_LINK of src-shared has the true limit; this one bounds what is looked at). */
const MAX_ARGUMENT = 65_536;
const FILES = /\.culvert$/i;

/** Understands `process.argv` of this or another instance. Electron and Chromium add switches of their own: ignored. */
export function parseLaunch(argv: readonly string[]): LaunchArgs {
  let hidden = false;
  let data: string | undefined;
  let opened: Opened | undefined;
  for (const [index, argument] of argv.entries()) {
    if (index === 0 || argument.length > MAX_ARGUMENT) continue;
    if (argument === '--hidden') hidden = true;
    else if (argument === '--data') data = argv[index + 1];
    else if (argument.startsWith('--data=')) data = argument.slice('--data='.length);
    else if (/^culvert:\/\//i.test(argument)) opened = { kind: 'link', text: argument };
    else if (!argument.startsWith('-') && FILES.test(argument)) opened = fileOf(argument) ?? opened;
  }
  return { hidden, data: data === '' ? undefined : data, opened };
}

/** Linux desktops hand over a file as an address (`Exec=… %U`), the others as a path. */
function fileOf(argument: string): Opened | undefined {
  if (!/^file:\/\//i.test(argument)) return { kind: 'file', path: argument };
  try {
    return { kind: 'file', path: fileURLToPath(argument) };
  } catch {
    // Of another machine, or not an address after all.
    return undefined;
  }
}
