import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isHost,
  isIpv4,
  isIpv6,
  isLoopback,
  parseHostPort,
  printHostPort,
} from '../../../src-shared/address.ts';

const nearIp = fc.stringMatching(/^[0-9a-fA-F:.]{0,24}$/);

describe('IP addresses', () => {
  it('are what Node takes for such', () => {
    fc.assert(
      fc.property(fc.oneof(nearIp, fc.ipV6(), fc.ipV4()), (text) => {
        expect(isIpv4(text)).toBe(isIPv4(text));
        expect(isIpv6(text)).toBe(isIPv6(text));
      }),
      { seed: 1, numRuns: 5000 },
    );
  });
});

describe('isIpv6', () => {
  it.each([
    '1:2:3:4:5:6:7::8',
    '1:2:3:4:5:6:7::',
    '::1:2:3:4:5:6:7',
    '::1:2:3:4:5:6:7:8',
    '::',
    '1::2::3',
    ':1',
    '::1.2.3.4',
  ])('agrees with Node on %s', (text) => expect(isIpv6(text)).toBe(isIPv6(text)));
});

describe('isHost', () => {
  it.each([
    'localhost',
    'a.example',
    'a.example.',
    '1.2.3.4',
    '::1',
    'büro.example',
    '服务器.example',
    '_a.b',
  ])('%s', (text) => expect(isHost(text)).toBe(true));
  it.each([
    '',
    '.',
    'a..b',
    '-a',
    'a-',
    '1.2.3',
    '256.1.1.1',
    'a b',
    'a:80',
    '[::1]',
    'a/b',
    `${'a'.repeat(64)}.b`,
  ])('not %s', (text) => expect(isHost(text)).toBe(false));
});

describe('isLoopback', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['localhost', true],
    ['*', false],
    ['0.0.0.0', false],
    ['127.example', false],
  ])('%s: %s', (host, loopback) => {
    expect(isLoopback(host)).toBe(loopback);
  });
});

describe('parseHostPort', () => {
  it.each([
    ['a.example:80', undefined, { host: 'a.example', port: 80 }],
    ['[::1]:80', undefined, { host: '::1', port: 80 }],
    ['a.example', 443, { host: 'a.example', port: 443 }],
    ['::1', 443, { host: '::1', port: 443 }],
  ])('%s', (text, port, value) => {
    expect(parseHostPort(text, port)).toEqual({ ok: true, value });
  });

  it.each([
    ['a.example', 'portMissing'],
    ['a.example:', 'portMissing'],
    [':80', 'hostMissing'],
    ['a:b:80', 'tooManyColons'],
    ['a.example:0', 'badPort'],
    ['a.example:65536', 'badPort'],
    ['a.example:8 0', 'badPort'],
    ['[a]:80', 'badHost'],
  ])('%s: %s', (text, reason) => {
    expect(parseHostPort(text)).toEqual({ ok: false, reason, part: text });
  });

  it('reads what printHostPort gives', () => {
    const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(host, fc.integer({ min: 1, max: 65_535 }), (name, port) => {
        expect(parseHostPort(printHostPort(name, port))).toEqual({ ok: true, value: { host: name, port } });
      }),
      { seed: 1, numRuns: 1000 },
    );
  });
});
