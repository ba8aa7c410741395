import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { OPTIONS } from '../../../src-main/cli/argument-table.ts';
import { EXIT_CODES } from '../../../src-main/cli/exit-codes.ts';
import { helpText, readVersion } from '../../../src-main/cli/help.ts';
import { parse, words } from './parsing.ts';

const text = helpText('1.2.3');
const lines = text.split('\n');

test('no line is wider than a terminal, and none ends in space', () => {
  for (const line of lines) {
    expect(line.length).toBeLessThanOrEqual(80);
    expect(line).toBe(line.trimEnd());
  }
});

test('every option and every exit code is in it', () => {
  for (const spec of OPTIONS) {
    for (const name of [`--${spec.long}`, ...spec.shorts.map((letter) => `-${letter}`)]) {
      expect(lines.some((line) => line.startsWith('  -') && line.split(/[ ,]+/).includes(name))).toBe(true);
    }
  }
  for (const { code, help } of Object.values(EXIT_CODES)) expect(text).toContain(`  ${code}  ${help}\n`);
});

test('the examples come first, and work', () => {
  expect(lines[0]).toContain('1.2.3');
  const examples = lines.filter((line) => line.startsWith('  culvert'));
  expect(examples.length).toBeGreaterThan(4);
  expect(text.indexOf(examples[examples.length - 1])).toBeLessThan(text.indexOf('Forwards:'));
  for (const example of examples) {
    const [line] = example.trim().split(/ {2,}/);
    expect({ line, kind: parse(words(line).slice(1)).kind }).not.toMatchObject({ kind: 'error' });
  }
});

test('the version is the package’s', () => {
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  );
  expect(readVersion()).toBe(manifest.version);
});
