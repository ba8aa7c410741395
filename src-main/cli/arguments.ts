import type { CulvertError } from '../engine/index.ts';
import type { RawItem } from './argument-table.ts';
import { buildOptions, COMMANDS } from './build-options.ts';
import { readConfigFile } from './config-file.ts';
import type { CliOptions } from './options.ts';
import { type ReadText, readTextFile } from './read-text.ts';
import { tokenize } from './tokenize.ts';
import { parseUi, type UiOptions } from './ui-options.ts';
import { usageError } from './usage-error.ts';

/** What a command line asks for. `notes` are remarks for the person: how something was read, what has no effect. */
export type ParsedArguments =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'keygen' }
  | { readonly kind: 'ui'; readonly options: UiOptions }
  | { readonly kind: 'run'; readonly options: CliOptions; readonly notes: readonly string[] }
  | { readonly kind: 'error'; readonly error: CulvertError };

/**
 * Understands a command line, `argv` without node and script, with the config and key files it names. Never
 * throws: what is wrong comes back as an error (`ERR_BAD_OPTION`, `ERR_BAD_ADDRESS`, `ERR_BAD_KEY`,
 * `ERR_BAD_CONFIG`) that says which part, and shows a line that works.
 */
export function parseArguments(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  readText: ReadText = readTextFile,
): ParsedArguments {
  if (argv[0] === 'ui') return parseUi(argv.slice(1), env, readText);
  const tokens = tokenize(argv);
  if (tokens.kind !== 'items') return tokens;
  const command = readCommand(tokens.items);
  if (command) return command;

  const items: RawItem[] = [...tokens.items];
  const configFile = items.findLast((item) => item.slot === 'config')?.text;
  if (configFile !== undefined) {
    const config = readConfigFile(configFile, readText);
    if (!config.ok) return { kind: 'error', error: config.error };
    items.push(...config.value);
  }
  const notes: string[] = [];
  const options = buildOptions(items, { env, readText, configFile, notes });
  return options.ok
    ? { kind: 'run', options: options.value, notes }
    : { kind: 'error', error: options.error };
}

/** A command is the first word that is not an option; no address looks like one, for addresses have a port. */
function readCommand(items: readonly RawItem[]): ParsedArguments | undefined {
  const words = items.filter((item) => item.slot === 'address').map((item) => item.text);
  const command = COMMANDS.find((name) => name === words[0]);
  if (command === undefined) return undefined;
  if (words.length === 1) return { kind: command };
  const message = `"culvert ${command}" takes no address, but ${JSON.stringify(words[1])} follows it`;
  return { kind: 'error', error: usageError('ERR_BAD_OPTION', message, `culvert ${command}`) };
}
