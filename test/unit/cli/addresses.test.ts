import { describe, expect, test } from 'vitest';
import {
  looksLikeServer,
  parseDynamic,
  parseLocal,
  parseServerAddress,
  parseServerListen,
} from '../../../src-main/cli/addresses.ts';

const loopback = '127.0.0.1';

describe('-L', () => {
  test.each([
    ['1080', loopback, 1080, '', 1080],
    [':1080', loopback, 1080, '', 1080],
    ['0.0.0.0:1080', '0.0.0.0', 1080, '', 1080],
    ['*:1080', undefined, 1080, '', 1080],
    ['[::]:1080', '::', 1080, '', 1080],
    ['1080::80', loopback, 1080, '', 80],
    ['0::80', loopback, 0, '', 80],
    ['1080:host:80', loopback, 1080, 'host', 80],
    ['1080:[2001:db8::1]:80', loopback, 1080, '2001:db8::1', 80],
    ['localhost:1080:host:80', 'localhost', 1080, 'host', 80],
    ['[::1]:1080:[::1]:80', '::1', 1080, '::1', 80],
    ['[::1]:1080::80', '::1', 1080, '', 80],
    [':1080:host:80', loopback, 1080, 'host', 80],
    ['*:1080::80', undefined, 1080, '', 80],
  ])('%s', (text, bindHost, bindPort, host, port) => {
    const value = { bind: { host: bindHost, port: bindPort }, target: { host, port } };
    for (const [suffix, kind] of [
      ['', 'static'],
      ['/tcp', 'static'],
      ['/udp', 'udp'],
      ['/UDP', 'udp'],
    ]) {
      expect(parseLocal(text + suffix)).toEqual({ ok: true, value: { kind, ...value } });
    }
  });

  test.each([
    ['', 'locally the port is missing'],
    ['x', 'locally "x"'],
    ['0', 'needs a target'],
    [':0', 'needs a target'],
    ['1080:host', 'the port of the target "host" is missing'],
    ['host:', 'locally the port is missing'],
    ['65536::80', 'locally port "65536"'],
    ['1080::0', 'in the target port "0"'],
    ['1080:host:', 'in the target the port is missing'],
    ['1080:ho st:80', 'in the target "ho st"'],
    ['a b:1080:host:80', 'in the bind address "a b"'],
    ['::1:1080:::1:80', 'IPv6 addresses need brackets'],
    ['53:8.8.8.8:53/sctp', '"/sctp" is neither /udp nor /tcp'],
    ['53:8.8.8.8:53/', '"/" is neither /udp nor /tcp'],
    ['53:8.8.8.8/udp', 'the target "8.8.8.8" is missing'],
    ['53:8.8.8.8:53/udp/udp', 'in the target "53/udp"'],
    ['0/udp', 'needs a target'],
  ])('refuses %s', (text, part) => {
    expect(parseLocal(text)).toMatchObject({ ok: false, reason: expect.stringContaining(part) });
  });
});

describe('-D', () => {
  test.each([
    ['1080', loopback, 1080],
    [':1080', loopback, 1080],
    ['0', loopback, 0],
    ['*:1080', undefined, 1080],
    ['[::1]:1080', '::1', 1080],
    ['localhost:1080', 'localhost', 1080],
  ])('%s', (text, host, port) => {
    expect(parseDynamic(text)).toEqual({ ok: true, value: { host, port } });
  });

  test.each(['', 'x', '1:2:3', '::1', 'host:', 'a b:1'])('refuses "%s"', (text) => {
    expect(parseDynamic(text)).toMatchObject({ ok: false });
  });
});

describe('the server, for a client', () => {
  test.each([
    ['server:80', undefined, 'server', 80, undefined],
    ['[::1]:80', undefined, '::1', 80, undefined],
    ['http://server', 'http', 'server', 80, undefined],
    ['HTTPS://server/', 'https', 'server', 443, undefined],
    ['ws://server:8100/a/b', 'ws', 'server', 8100, '/a/b'],
    ['wss://[2001:db8::1]/x', 'wss', '2001:db8::1', 443, '/x'],
  ])('%s', (text, scheme, host, port, path) => {
    expect(parseServerAddress(text)).toEqual({ ok: true, value: { scheme, host, port, path } });
    expect(looksLikeServer(text)).toBe(true);
  });

  test.each([
    ['', 'empty'],
    ['server', 'port is missing'],
    [':80', 'host is missing'],
    ['server:80/path', 'http://'],
    ['::1', 'brackets'],
    ['ftp://server', '"ftp://"'],
    ['http://', 'host is missing'],
    ['http://me@server', 'user name'],
    ['http://server:0', '"0"'],
    ['http://a:b:c', 'too many colons'],
    ['http://server/?q', '"?"'],
    ['http://server/a b', '%XX'],
  ])('refuses %s', (text, part) => {
    expect(parseServerAddress(text)).toMatchObject({ ok: false, reason: expect.stringContaining(part) });
    expect(looksLikeServer(text)).toBe(false);
  });

  test.each(['0.0.0.0:80', '[::]:80', '*:80', '1080'])('%s is a place to listen at', (text) => {
    expect(looksLikeServer(text)).toBe(false);
  });
});

test('a server listens at [host]:port', () => {
  expect(parseServerListen('8100')).toEqual({ ok: true, value: { host: undefined, port: 8100 } });
  expect(parseServerListen('[::1]:0')).toEqual({ ok: true, value: { host: '::1', port: 0 } });
  expect(parseServerListen('http://x')).toMatchObject({
    ok: false,
    reason: expect.stringContaining('-L or -D'),
  });
  expect(parseServerListen('x')).toMatchObject({
    ok: false,
    reason: expect.stringContaining('port is missing'),
  });
});
