import { once } from 'node:events';
import * as net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { CulvertError } from '../../../../src-main/engine/base/errors.ts';
import { type LogEntry, Logger } from '../../../../src-main/engine/base/log.ts';
import { createCover } from '../../../../src-main/engine/server/cover.ts';
import { parseCoverUrl } from '../../../../src-main/engine/server/cover-proxy.ts';
import { Front } from '../../../../src-main/engine/server/front.ts';
import { exchange } from '../../../support/web-client.ts';
import { listening, startNodeCover } from '../../../support/web-covers.ts';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

describe('the URL of a cover site', () => {
  it.each([
    ['http://127.0.0.1:8080', { secure: false, host: '127.0.0.1', port: 8080 }],
    ['http://site.example/', { secure: false, host: 'site.example', port: 80 }],
    ['https://site.example', { secure: true, host: 'site.example', port: 443 }],
    ['http://[::1]:81', { secure: false, host: '::1', port: 81 }],
  ])('%s', (text, address) => {
    expect(parseCoverUrl(text)).toEqual(address);
  });

  it.each(['nonsense', 'ftp://a', 'http://a/path', 'http://a/?q', 'http://u:p@a', 'http://'])(
    'refuses %s',
    (text) => {
      try {
        parseCoverUrl(text);
        expect.unreachable();
      } catch (error) {
        expect(error).toBeInstanceOf(CulvertError);
        expect(error).toMatchObject({
          code: 'ERR_BAD_OPTION',
          remedy: expect.stringContaining('http://127.0.0.1:8080'),
        });
      }
    },
  );
});

describe('a cover that cannot be reached', () => {
  it('is a 502 and a warning, whatever the request; and the site again when it is back', async () => {
    const entries: LogEntry[] = [];
    const log = new Logger('cover', 'warn', (entry) => entries.push(entry));
    const gone = net.createServer();
    const coverPort = await listening(gone);
    gone.close();
    await once(gone, 'close');
    const front = new Front({
      cover: createCover({ kind: 'proxy', url: `http://127.0.0.1:${coverPort}` }, { log }),
      claimUpgrade: () => false,
      claimRequest: () => false,
      log,
    });
    closers.push(() => front.destroy());
    const { port } = await front.listen({ host: '127.0.0.1', port: 0 });
    const body = 'b'.repeat(300_000);
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
    for (const request of [
      'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
      `GET / HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n`,
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    ]) {
      const { text } = await exchange(port, [request], (seen) => seen.endsWith('</html>\r\n'));
      expect(text).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
      expect(text).toContain('<center><h1>502 Bad Gateway</h1></center>');
    }
    // Connected for while it was silent, and asked later.
    const late = await exchange(port, [{ pauseMs: 80 }, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n']);
    expect(late.text).toContain('502 Bad Gateway');
    expect(late.end).toBe('fin');
    // Strangers decide how often that happens: not each time is a line.
    expect(entries.length).toBeLessThan(4);
    expect(entries[0].text).toContain(`http://127.0.0.1:${coverPort}: ECONNREFUSED`);

    const back = await startNodeCover();
    closers.push(() => back.close());
    const relay = net.createServer((socket) => socket.pipe(net.connect(back.port, '127.0.0.1')).pipe(socket));
    relay.listen(coverPort, '127.0.0.1');
    await once(relay, 'listening');
    closers.push(() => relay.close());
    const again = await exchange(port, ['GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n']);
    expect(again.text).toContain('hello');
  });
});
