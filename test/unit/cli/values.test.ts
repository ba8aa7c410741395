import { describe, expect, test } from 'vitest';
import {
  parseBytes,
  parseCover,
  parseCredentials,
  parseHeader,
  parsePath,
  parseSeconds,
} from '../../../src-main/cli/values.ts';

const ok = <T>(value: T) => ({ ok: true, value });
const refused = (part: string) => ({ ok: false, reason: expect.stringContaining(part) });

test.each([
  ['0', 0],
  ['1048576', 1 << 20],
  ['64k', 65536],
  ['64K', 65536],
  ['1m', 1 << 20],
  ['1MiB', 1 << 20],
  ['1 MB', 1 << 20],
  ['1.5k', 1536],
  ['1g', 1 << 30],
  ['500k/s', 512000],
  ['10b', 10],
])('%s bytes', (text, bytes) => {
  expect(parseBytes(text, 0, 1 << 30)).toEqual(ok(bytes));
});

test.each(['', 'k', '-1', '1e3', '0x10', '1t', '1 2', '1,5k', 'Infinity'])(
  '"%s" is no number of bytes',
  (text) => {
    expect(parseBytes(text, 0, 1 << 30)).toEqual(refused('number of bytes'));
  },
);

test('bytes have a range', () => {
  expect(parseBytes('4096', 4096, 8192)).toEqual(ok(4096));
  expect(parseBytes('8k', 4096, 8192)).toEqual(ok(8192));
  expect(parseBytes('4095', 4096, 8192)).toEqual(refused('between 4096 and 8192'));
  expect(parseBytes('8193', 4096, 8192)).toEqual(refused('between 4096 and 8192'));
  expect(parseBytes('9'.repeat(400), 0, 8192)).toEqual(refused('between'));
});

test('seconds', () => {
  expect(parseSeconds('0', 10)).toEqual(ok(0));
  expect(parseSeconds('10s', 10)).toEqual(ok(10));
  expect(parseSeconds('11', 10)).toEqual(refused('between 0 and 10'));
  for (const text of ['', '1.5', '-1', '1m', 'x'])
    expect(parseSeconds(text, 10)).toEqual(refused('whole number'));
});

describe('headers', () => {
  test.each([
    ['Name: value', 'Name', 'value'],
    ['Name=value', 'Name', 'value'],
    ['Name:value=1', 'Name', 'value=1'],
    ['Name=a: b', 'Name', 'a: b'],
    ['X-Empty:', 'X-Empty', ''],
    ['  X-Pad  :  a b  ', 'X-Pad', 'a b'],
    ['Host: cdn.example', 'Host', 'cdn.example'],
  ])('%s', (text, name, value) => {
    expect(parseHeader(text)).toEqual(ok([name, value]));
  });

  test.each([
    ['Name', '":" or "="'],
    [': x', 'name is missing'],
    ['a b: x', '"a b"'],
    ['a: x\r\nb: y', 'characters'],
    ['a: \u0000', 'characters'],
    ['a: \u4e2d', 'characters'],
    ['content-LENGTH: 1', 'Culvert sets'],
    ['Sec-WebSocket-Key: 1', 'Culvert sets'],
    [`a: ${'x'.repeat(9000)}`, 'longer'],
  ])('refuses %j', (text, part) => {
    expect(parseHeader(text)).toEqual(refused(part));
  });
});

test('paths', () => {
  expect(parsePath('/a/b.c')).toEqual(ok('/a/b.c'));
  expect(parsePath('a%20b')).toEqual(ok('/a%20b'));
  expect(parsePath('')).toEqual(refused('empty'));
  expect(parsePath('/a?b')).toEqual(refused('"?"'));
  expect(parsePath('/a#b')).toEqual(refused('"#"'));
  expect(parsePath('/a b')).toEqual(refused('%XX'));
  expect(parsePath('/a%2')).toEqual(refused('%XX'));
  expect(parsePath(`/${'a'.repeat(1024)}`)).toEqual(refused('longer'));
});

test('cover sites', () => {
  expect(parseCover('http://127.0.0.1:8080')).toEqual(ok({ kind: 'proxy', url: 'http://127.0.0.1:8080/' }));
  expect(parseCover('HTTPS://x/y')).toEqual(ok({ kind: 'proxy', url: 'https://x/y' }));
  for (const directory of ['/var/www', '.', 'C:\\www', 'C:/www', '~/www', 'html']) {
    expect(parseCover(directory)).toEqual(ok({ kind: 'directory', directory }));
  }
  expect(parseCover('')).toEqual(refused('empty'));
  expect(parseCover('localhost:8080')).toEqual(refused('http://'));
  expect(parseCover('ws://x')).toEqual(refused('"ws://"'));
  expect(parseCover('http://')).toEqual(refused('not a URL'));
  expect(parseCover('http://a:b@x')).toEqual(refused('user names'));
});

test('credentials', () => {
  expect(parseCredentials('me:a:b')).toEqual(ok({ user: 'me', password: 'a:b' }));
  expect(parseCredentials('me')).toEqual(refused('":"'));
  expect(parseCredentials(':x')).toEqual(refused('user is missing'));
  expect(parseCredentials('me:')).toEqual(refused('password is missing'));
  expect(parseCredentials(`me:${'\u00fc'.repeat(127)}`)).toMatchObject({ ok: true });
  expect(parseCredentials(`me:${'\u00fc'.repeat(128)}`)).toEqual(refused('255 bytes'));
});
