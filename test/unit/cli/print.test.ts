import { expect, test } from 'vitest';
import { formatEntry, logLevelFor, say, stderrSink } from '../../../src-main/cli/print.ts';
import { redactUrl } from '../../../src-main/cli/redact.ts';
import type { LogEntry } from '../../../src-main/engine/index.ts';

const entry = (text: string, level: LogEntry['level'] = 'info'): LogEntry => ({
  time: new Date(2024, 0, 2, 3, 4, 5, 6).getTime(),
  level,
  scope: 'client',
  text,
});

function collect(isTTY: boolean, env: NodeJS.ProcessEnv, level: LogEntry['level'] = 'error'): string {
  let written = '';
  const output = { isTTY, write: (text: string) => (written += text) };
  stderrSink(output, env)(entry('text', level));
  return written;
}

test('one line per entry, with the local time', () => {
  expect(formatEntry(entry('hello'))).toBe('03:04:05.006 info  client: hello');
  expect(formatEntry({ ...entry('hello', 'error'), scope: '' })).toBe('03:04:05.006 error hello');
});

test('what a remote side sent cannot steer the terminal or start a line', () => {
  expect(formatEntry(entry('a\r\n  b\u001b[2J\u009bc\td'))).toContain(': a b\\x1b[2J\\x9bc\td');
});

test('colour on a terminal only, and not with NO_COLOR', () => {
  expect(collect(false, {})).toBe('03:04:05.006 error client: text\n');
  expect(collect(true, { NO_COLOR: '1' })).toBe('03:04:05.006 error client: text\n');
  expect(collect(true, {})).toBe('\u001b[31m03:04:05.006 error client: text\u001b[0m\n');
  expect(collect(true, {}, 'info')).toBe('03:04:05.006 info  client: text\n');
});

test.each([
  ['via http://me:secret@proxy:3128/x', 'via http://***@proxy:3128/x'],
  ['socks5://me@proxy', 'socks5://***@proxy'],
  ['http://me:p@ss@proxy/', 'http://***@proxy/'],
  ['http://proxy/a@b', 'http://proxy/a@b'],
  ['http://a http://u:p@b', 'http://a http://***@b'],
  ['me@host', 'me@host'],
])('%s', (text, expected) => {
  expect(redactUrl(text)).toBe(expected);
  expect(formatEntry(entry(text))).toContain(expected);
});

test('say writes one line', () => {
  let written = '';
  say('culvert \u001b-D 1', { write: (text: string) => (written += text) });
  expect(written).toBe('culvert \\x1b-D 1\n');
});

test.each([
  [-1, 'error'],
  [0, 'info'],
  [1, 'info'],
  [2, 'debug'],
  [3, 'trace'],
  [9, 'trace'],
])('verbosity %d', (verbosity, level) => {
  expect(logLevelFor(verbosity)).toBe(level);
});
