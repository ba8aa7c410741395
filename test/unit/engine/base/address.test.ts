import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatHostPort,
  parseHost,
  parseHostPort,
  parseListenAddress,
  quote,
  splitAddressParts,
} from '../../../../src-main/engine/base/address.ts';

describe('parseHostPort', () => {
  test.each([
    ['server:80', 'server', 80],
    ['a.b-c.example.:443', 'a.b-c.example.', 443],
    ['my_box:1', 'my_box', 1],
    ['192.0.2.7:65535', '192.0.2.7', 65535],
    ['[::1]:22', '::1', 22],
    ['[fe80::1%eth0]:22', 'fe80::1%eth0', 22],
    ['bücher.example:80', 'xn--bcher-kva.example', 80],
  ])('%s', (text, host, port) => {
    expect(parseHostPort(text)).toEqual({ ok: true, value: { host, port } });
  });

  test.each([
    ['', 'empty'],
    ['server', 'port is missing'],
    ['server:', 'port is missing'],
    [':80', 'host is missing'],
    ['server:0', '"0"'],
    ['server:65536', '"65536"'],
    ['server:http', '"http"'],
    ['server:+80', '"+80"'],
    ['server:8 0', '"8 0"'],
    ['a:b:80', 'too many colons'],
    ['::1', 'brackets'],
    ['[::1]', 'port is missing'],
    ['[::g]:80', '"[::g]"'],
    ['[::1:80', 'port is missing'],
    ['192.0.2.256:80', 'IPv4'],
    ['192.0.2:80', 'IPv4'],
    ['-a:80', '"-a"'],
    ['a..b:80', '"a..b"'],
    ['a b:80', '"a b"'],
    ['a/b:80', '"a/b"'],
    ['user@host:80', '"user@host"'],
    [`${'a'.repeat(64)}:80`, 'host name'],
    [`${'a.'.repeat(127)}b:80`, 'host name'],
  ])('refuses %s', (text, part) => {
    const result = parseHostPort(text);
    expect(result.ok).toBe(false);
    if (result.ok) return;
    expect(result.reason).toContain(part);
    expect(result.error.code).toBe('ERR_BAD_ADDRESS');
    expect(result.error.message).toContain(quote(text));
    expect(result.error.remedy).toContain('server.example:80');
  });
});

describe('parseListenAddress', () => {
  test.each([
    [':8100', undefined, 8100],
    ['8100', undefined, 8100],
    ['*:80', undefined, 80],
    [':0', undefined, 0],
    ['0.0.0.0:80', '0.0.0.0', 80],
    ['[::]:80', '::', 80],
    ['localhost:80', 'localhost', 80],
  ])('%s', (text, host, port) => {
    expect(parseListenAddress(text)).toEqual({ ok: true, value: { host, port } });
  });

  test.each([
    ['', 'missing'],
    ['localhost', 'after "localhost" the port is missing'],
    [':', 'missing'],
    ['::', 'brackets'],
    ['70000', '"70000"'],
    ['a:b:c', 'too many colons'],
    ['*', '"*"'],
    ['1.2.3.4.5:80', 'IPv4'],
  ])('refuses %s', (text, part) => {
    const result = parseListenAddress(text);
    expect(result).toMatchObject({ ok: false, reason: expect.stringContaining(part) });
  });
});

test('parts are split outside brackets only', () => {
  expect(splitAddressParts('[::1]:1080:[2001:db8::2]:80')).toEqual(['[::1]', '1080', '[2001:db8::2]', '80']);
  expect(splitAddressParts('1080::80')).toEqual(['1080', '', '80']);
  expect(splitAddressParts('')).toEqual(['']);
});

test('what is formatted parses to the same', () => {
  const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
  fc.assert(
    fc.property(host, fc.integer({ min: 1, max: 65535 }), (name, port) => {
      expect(parseHostPort(formatHostPort(name, port))).toEqual({ ok: true, value: { host: name, port } });
    }),
    { seed: 1, numRuns: 300 },
  );
  expect(formatHostPort(undefined, 80)).toBe(':80');
  expect(formatHostPort('', 80)).toBe(':80');
});

test('no text makes a parser throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      for (const result of [parseHostPort(text), parseListenAddress(text), parseHost(text)]) {
        if (!result.ok) expect(result.reason).not.toBe('');
      }
    }),
    { seed: 2, numRuns: 500 },
  );
});

test('a quoted text cannot steer a terminal', () => {
  expect(quote('a\u001b[31m\u009b\u202eb')).toBe('"a\\u001b[31m\\u009b\\u202eb"');
  expect(quote('x'.repeat(500)).length).toBeLessThan(150);
});
