import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseServerAddress } from '../../../src-main/cli/addresses.ts';
import {
  parseProxy,
  parseServer,
  printProxy,
  printServer,
  proxySchema,
  serverAddressSchema,
} from '../../../src-shared/server-address.ts';
import { arbitraryDraft } from './arbitraries.ts';

describe('a server', () => {
  it.each([
    ['a.example:8100', 'http://a.example:8100'],
    ['http://a.example', 'http://a.example'],
    ['WS://a.example:80/x', 'http://a.example/x'],
    ['wss://a.example', 'https://a.example'],
    ['https://[::1]/', 'https://[::1]'],
    ['https://[::1]:80', 'https://[::1]:80'],
  ])('%s', (text, printed) => {
    const server = parseServer(text);
    if (!server.ok) throw new Error(server.reason);
    expect(serverAddressSchema.safeParse(server.value).success).toBe(true);
    expect(printServer(server.value)).toBe(printed);
  });

  it.each([
    ['ftp://a', 'badScheme'],
    ['http://u:p@a', 'userInUrl'],
    ['http://a/x?y', 'badPath'],
    ['http://', 'hostMissing'],
    ['http://a:b', 'badPort'],
    ['a', 'portMissing'],
  ])('%s: %s', (text, reason) => {
    const server = parseServer(text);
    expect(server).toMatchObject({ ok: false, reason });
    expect(JSON.stringify(server)).not.toContain('u:p');
  });

  it('is read back as the same, here and on the command line', () => {
    fc.assert(
      fc.property(arbitraryDraft, ({ server }) => {
        const text = printServer(server);
        expect(parseServer(text)).toEqual({ ok: true, value: server });
        const { path, ...place } = server;
        expect(parseServerAddress(text)).toEqual({
          ok: true,
          value: { ...place, path: path === '/' ? undefined : path },
        });
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe('a proxy', () => {
  it.each([
    ['proxy:3128', 'http://proxy:3128', undefined],
    ['socks5h://u:p%40@proxy', 'socks5://u@proxy:1080', 'p@'],
    ['https://u@proxy:8443/', 'https://u@proxy:8443', undefined],
    ['http://%E0@proxy', 'http://%25E0@proxy:8080', undefined],
  ])('%s', (text, printed, password) => {
    const proxy = parseProxy(text);
    if (!proxy.ok) throw new Error(proxy.reason);
    expect(proxySchema.safeParse(proxy.value.proxy).success).toBe(true);
    expect(printProxy(proxy.value.proxy)).toBe(printed);
    expect(proxy.value.password).toBe(password);
  });

  it.each([
    ['ftp://proxy', 'badScheme'],
    ['', 'badHost'],
    ['http://u:secret@/', 'badHost'],
    ['http://u:secret@a b', 'badHost'],
  ])('%s: %s', (text, reason) => {
    const proxy = parseProxy(text);
    expect(proxy).toMatchObject({ ok: false, reason });
    expect(JSON.stringify(proxy)).not.toContain('secret');
  });
});
