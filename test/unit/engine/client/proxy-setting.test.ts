import { describe, expect, it } from 'vitest';
import { parseProxy, proxyFromEnvironment } from '../../../../src-main/engine/client/proxy-setting.ts';

const http = (host: string, port: number, auth?: { user: string; password: string }) => ({
  ok: true,
  value: { kind: 'http', host, port, auth },
});

describe('a proxy as people write it', () => {
  it.each([
    ['http://proxy:3128', http('proxy', 3128)],
    ['proxy:3128', http('proxy', 3128)],
    ['HTTP://proxy/', http('proxy', 80)],
    ['http://[::1]:8080', http('::1', 8080)],
    ['http://me:a:b@proxy:1', http('proxy', 1, { user: 'me', password: 'a:b' })],
    ['http://me:a@b@proxy:1', http('proxy', 1, { user: 'me', password: 'a@b' })],
    ['http://m%3Ae:%25@proxy:1', http('proxy', 1, { user: 'm:e', password: '%' })],
    ['none', { ok: true, value: { kind: 'direct' } }],
  ])('%s', (text, expected) => {
    expect(parseProxy(text)).toEqual(expected);
  });

  it.each(['socks5://h', 'socks5h://h:1080'])('%s resolves names at the proxy', (text) => {
    expect(parseProxy(text)).toMatchObject({ ok: true, value: { kind: 'socks5', host: 'h', port: 1080 } });
  });

  it.each([
    ['', 'empty'],
    ['https://proxy:443', 'TLS to the proxy itself'],
    ['ftp://proxy:1', '"ftp://"'],
    ['http://proxy:1/path', 'no path'],
    ['http://proxy:1?x', 'no path'],
    ['http://proxy:70000', '"70000"'],
    ['http://proxy:', 'port is missing'],
    ['http://:80', 'host is missing'],
    ['http://a:b:c', 'colons'],
    ['http://secret@proxy:1', 'user:password'],
    ['http://u:%zzsecret@proxy:1', '%25'],
    [`http://u:${'secret'.repeat(50)}@proxy:1`, '255 bytes'],
    ['http://u:secret%0a@proxy:1', 'control'],
  ])('%s is refused: %s', (text, part) => {
    const parsed = parseProxy(text);
    expect(parsed).toMatchObject({ ok: false, reason: expect.stringContaining(part) });
    expect(JSON.stringify(parsed)).not.toContain('secret');
  });
});

describe('a proxy of the environment', () => {
  const server = { secure: false, host: 'server.example', port: 80 };
  const found = (env: Record<string, string>, to: Partial<typeof server> = {}): string => {
    const result = proxyFromEnvironment({ ...server, ...to }, env);
    if (result.kind === 'none') return 'none';
    if (result.kind === 'wrong') return `wrong ${result.variable}`;
    return result.route.kind === 'direct' ? 'direct' : `${result.variable} ${result.route.host}`;
  };
  const all = { http_proxy: 'http://a:1', https_proxy: 'http://b:1', all_proxy: 'socks5://c:1' };

  it.each([
    [all, {}, 'http_proxy a'],
    [all, { secure: true }, 'https_proxy b'],
    [{ all_proxy: 'socks5://c:1' }, { secure: true }, 'all_proxy c'],
    [{ HTTP_PROXY: 'x:1', http_proxy: 'y:1' }, {}, 'http_proxy y'],
    [{ HTTP_PROXY: 'x:1', http_proxy: ' ' }, {}, 'HTTP_PROXY x'],
    [{}, {}, 'none'],
    [{ http_proxy: 'http://' }, {}, 'wrong http_proxy'],
    [all, { host: '127.0.0.1' }, 'none'],
    [all, { host: 'localhost' }, 'none'],
    [all, { host: '::1' }, 'none'],
  ])('%j for %j: %s', (env, to, expected) => {
    expect(found(env, to)).toBe(expected);
  });

  it.each([
    ['*', {}, true],
    ['server.example', {}, true],
    ['example', {}, true],
    ['.example', {}, true],
    ['*.example', {}, true],
    ['Server.Example', {}, true],
    ['erver.example', {}, false],
    ['x, other server.example', {}, true],
    ['server.example:80', {}, true],
    ['server.example:81', {}, false],
    ['10.0.0.0/8', { host: '10.1.2.3' }, true],
    ['10.0.0.0/8', { host: '11.1.2.3' }, false],
    ['10.1.2.3', { host: '10.1.2.3' }, true],
    ['2.3', { host: '10.1.2.3' }, false],
    ['fd00::/8', { host: 'fd12::1' }, true],
    ['fd12::1', { host: 'fd12::1' }, true],
    ['10.0.0.0/99', { host: '10.1.2.3' }, false],
  ])('no_proxy=%s and %j: excepted %s', (list, to, excepted) => {
    expect(found({ ...all, no_proxy: list }, to) === 'none').toBe(excepted);
  });
});
