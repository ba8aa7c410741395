import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../src-main/engine/base/log.ts';
import { createCover } from '../../../../src-main/engine/server/cover.ts';
import { Front } from '../../../../src-main/engine/server/front.ts';
import { exchange } from '../../../support/web-client.ts';
import { BIG } from '../../../support/web-covers.ts';

let base = '';
let port = 0;
let front: Front;

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'culvert-static-'));
  const www = join(base, 'www');
  for (const folder of ['www/sub', 'www/.git', 'secret', 'www/linked-index']) {
    mkdirSync(join(base, folder), { recursive: true });
  }
  writeFileSync(join(www, 'index.html'), '<h1>home</h1>');
  writeFileSync(join(www, 'sub', 'index.html'), '<h1>sub</h1>');
  writeFileSync(join(www, 'a b.txt'), '0123456789');
  writeFileSync(join(www, 'big.bin'), BIG);
  writeFileSync(join(www, '.env'), 'TOKEN=1');
  writeFileSync(join(www, '.git', 'config'), 'TOKEN=1');
  writeFileSync(join(base, 'secret', 'key.txt'), 'TOKEN=1');
  writeFileSync(join(base, 'www-twin'), 'TOKEN=1');
  symlinkSync(join(base, 'secret', 'key.txt'), join(www, 'link.txt'));
  symlinkSync(join(base, 'secret'), join(www, 'linked'));
  symlinkSync(join(base, 'www-twin'), join(www, 'twin.txt'));
  symlinkSync(join(base, 'secret', 'key.txt'), join(www, 'linked-index', 'index.html'));
  symlinkSync(join(www, 'a b.txt'), join(www, 'inside.txt'));
  front = new Front({
    cover: createCover({ kind: 'directory', path: www }, { log: silentLogger }),
    claimUpgrade: () => false,
    claimRequest: () => false,
    log: silentLogger,
  });
  port = (await front.listen({ host: '127.0.0.1', port: 0 })).port;
});

afterAll(() => {
  front.destroy();
  rmSync(base, { recursive: true, force: true });
});

async function ask(
  path: string,
  { method = 'GET', headers = '' } = {},
): Promise<{ status: number; head: string; body: string }> {
  const { text } = await exchange(port, [
    `${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\n`,
  ]);
  const cut = text.indexOf('\r\n\r\n');
  return { status: Number(text.slice(9, 12)), head: text.slice(0, cut + 2), body: text.slice(cut + 4) };
}

describe('a directory as cover site', () => {
  it('serves index.html, types, redirects to folders, ranges and conditional requests', async () => {
    const home = await ask('/');
    expect(home).toMatchObject({ status: 200, body: '<h1>home</h1>' });
    expect(home.head).toMatch(/Content-Type: text\/html/i);
    expect(await ask('/sub/?q=1')).toMatchObject({ status: 200, body: '<h1>sub</h1>' });
    const moved = await ask('/sub');
    expect(moved.status).toBe(301);
    expect(moved.head).toContain('Location: /sub/\r\n');
    expect(await ask('/a%20b.txt')).toMatchObject({ status: 200, body: '0123456789' });
    expect(await ask('http://a/a%20b.txt')).toMatchObject({ status: 200, body: '0123456789' });
    expect(await ask('/inside.txt')).toMatchObject({ status: 200, body: '0123456789' });
    expect(await ask('/a%20b.txt', { headers: 'Range: bytes=2-4\r\n' })).toMatchObject({
      status: 206,
      body: '234',
    });
    expect(await ask('/a%20b.txt', { headers: 'Range: bytes=90-\r\n' })).toMatchObject({ status: 416 });
    const etag = /ETag: (.*)\r\n/i.exec(home.head)?.[1];
    expect(await ask('/', { headers: `If-None-Match: ${etag}\r\n` })).toMatchObject({
      status: 304,
      body: '',
    });
    const head = await ask('/', { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.head).toMatch(/Content-Length: 13\r\n/i);
  });

  it('has no page for missing files, bad paths, and methods that it does not know', async () => {
    expect((await ask('/none')).status).toBe(404);
    expect((await ask('/%zz')).status).toBe(400);
    expect((await ask('/%00')).status).toBe(400);
    expect((await ask('*', { method: 'OPTIONS' })).status).toBe(405);
    const post = await ask('/', { method: 'POST', headers: 'Content-Length: 0\r\n' });
    expect(post.status).toBe(405);
    expect(post.head).toContain('Allow: GET, HEAD\r\n');
    const upgrade = await exchange(
      port,
      ['GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
      (text) => text.endsWith('</h1>'),
    );
    expect(upgrade.text).toContain('<h1>home</h1>');
  });

  it.each([
    '/.env',
    '/.git/config',
    '/%2eenv',
    '/../secret/key.txt',
    '/%2e%2e/secret/key.txt',
    '/..%2fsecret%2fkey.txt',
    '/sub/%2e%2e/%2e%2e/secret/key.txt',
    '/..%5csecret%5ckey.txt',
    '//../secret/key.txt',
    '/link.txt',
    '/linked/key.txt',
    '/linked/',
    '/linked',
    '/twin.txt',
    '/linked-index/',
    'http://a/../secret/key.txt',
  ])('does not give out %s', async (path) => {
    const answer = await ask(path);
    expect([400, 403, 404]).toContain(answer.status);
    expect(answer.body).not.toContain('TOKEN');
  });

  it('does not tell whether a file outside exists', async () => {
    const there = await ask('/%2e%2e/secret/key.txt');
    const missing = await ask('/%2e%2e/secret/xxx.txt');
    expect({ ...there, head: '' }).toEqual({ ...missing, head: '' });
  });

  it('streams a large file', async () => {
    const { bytes } = await exchange(port, ['GET /big.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n']);
    expect(bytes.subarray(-BIG.length).equals(BIG)).toBe(true);
  });

  it('must be an existing directory', () => {
    for (const path of [join(base, 'nowhere'), join(base, 'www-twin')]) {
      expect(() => createCover({ kind: 'directory', path }, { log: silentLogger })).toThrow(
        expect.objectContaining({ code: 'ERR_BAD_OPTION', message: expect.stringContaining(path) }),
      );
    }
  });
});
