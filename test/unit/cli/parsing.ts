import { expect } from 'vitest';
import { parseArguments } from '../../../src-main/cli/arguments.ts';
import type { ClientCliOptions, CliOptions, ServerCliOptions } from '../../../src-main/cli/options.ts';
import type { ReadText } from '../../../src-main/cli/read-text.ts';
import type { CulvertError } from '../../../src-main/engine/index.ts';

/** Splits a documented command line as a shell does: at spaces outside quotes. */
export function words(line: string): string[] {
  const found = line.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
  return found.map((word) => word.replace(/["']/g, ''));
}

/** Files that exist only in a test. */
export function files(contents: Record<string, string>): ReadText {
  return (path) =>
    Object.hasOwn(contents, path)
      ? { ok: true, value: contents[path] }
      : { ok: false, reason: 'there is no such file' };
}

export const noFiles = files({});

export interface Given {
  env?: NodeJS.ProcessEnv;
  files?: Record<string, string>;
}

export function parse(line: string | readonly string[], given: Given = {}) {
  const argv = typeof line === 'string' ? words(line) : line;
  return parseArguments(argv, given.env ?? {}, files(given.files ?? {}));
}

export function run(
  line: string | readonly string[],
  given: Given = {},
): { options: CliOptions; notes: readonly string[] } {
  const parsed = parse(line, given);
  if (parsed.kind === 'error') throw parsed.error;
  if (parsed.kind !== 'run') throw new Error(`${String(line)} is ${parsed.kind}`);
  return parsed;
}

export function client(line: string | readonly string[], given: Given = {}): ClientCliOptions {
  const { options } = run(line, given);
  if (options.role !== 'client') throw new Error(`${String(line)} is a server`);
  return options;
}

export function server(line: string | readonly string[], given: Given = {}): ServerCliOptions {
  const { options } = run(line, given);
  if (options.role !== 'server') throw new Error(`${String(line)} is a client`);
  return options;
}

/** The error, after checking that the command line in its remedy works. */
export function errorOf(line: string | readonly string[], given: Given = {}): CulvertError {
  const parsed = parse(line, given);
  if (parsed.kind !== 'error') throw new Error(`${String(line)} is ${parsed.kind}`);
  expectGoodRemedy(parsed.error);
  return parsed.error;
}

/** Every remedy ends in "for example: ", and then a command line or a config file that is read without error. */
export function expectGoodRemedy(error: CulvertError): void {
  const example = error.remedy?.split('for example: ')[1] ?? '';
  expect(example).not.toBe('');
  const config = '{"server": "server:80", "password": "password", "dynamic": 1080}';
  const given = { files: { 'culvert.json': config, 'culvert.key': 'secret\n', 'example.json': example } };
  const parsed = example.startsWith('{')
    ? parse(['-c', 'example.json'], given)
    : parse(words(example).slice(1), given);
  expect({ example, kind: parsed.kind }).not.toMatchObject({ kind: 'error' });
  if (parsed.kind === 'run') expect(parsed.notes).toEqual([]);
}
