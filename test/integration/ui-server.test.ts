import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Headless, startHeadless } from '../../src-main/host/headless.ts';
import { clientOver, engineHere } from '../support/host-rig.ts';

/** What the web server of `culvert ui` lets in, and what not. The page here is a stand-in: files are files. */
let directory: string;
let page: string;
let ui: Headless;
let token: string;
let cookie: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'culvert-ui-'));
  page = join(directory, 'page');
  mkdirSync(join(page, 'assets'), { recursive: true });
  writeFileSync(join(page, 'index.html'), '<!doctype html><title>Culvert</title>');
  writeFileSync(join(page, 'assets/app-abc.js'), 'export {};');
  writeFileSync(join(directory, 'secret.txt'), 'secret');
  ui = await start();
  token = new URL(ui.url).searchParams.get('token') ?? '';
  const first = await get({ path: `/?token=${token}` });
  cookie = first.headers['set-cookie']?.[0].split(';')[0] ?? '';
});
afterAll(async () => {
  await ui.close();
  rmSync(directory, { recursive: true, force: true });
});

const start = (change: Partial<Parameters<typeof startHeadless>[0]> = {}) =>
  startHeadless({
    directory: join(directory, 'data'),
    version: '0.0.0',
    listen: { host: '127.0.0.1', port: 0 },
    page,
    startEngine: engineHere,
    ...change,
  });

interface Answer extends Pick<IncomingMessage, 'statusCode' | 'headers'> {
  readonly text: string;
}

async function get(options: RequestOptions): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port: ui.port, ...options });
  sent.end();
  const [response]: IncomingMessage[] = await once(sent, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { statusCode: response.statusCode, headers: response.headers, text };
}

/** The status of a refused upgrade, or 101. */
async function upgrade(headers: Record<string, string>, path = '/pipe'): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${ui.port}${path}`, { headers });
  try {
    return await new Promise<number>((resolve, reject) => {
      socket.once('open', () => resolve(101));
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
      socket.once('error', reject);
    });
  } finally {
    socket.on('error', () => {});
    socket.terminate();
  }
}

describe('the token', () => {
  it('is long, random, and kept for its owner alone', () => {
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(statSync(join(directory, 'data/ui-token')).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'data')).mode & 0o777).toBe(0o700);
  });

  it('becomes a strict cookie and leaves the address', async () => {
    const { statusCode, headers } = await get({ path: `/?token=${token}` });
    expect([statusCode, headers.location]).toEqual([303, '/']);
    const [text] = headers['set-cookie'] ?? [];
    expect(text).toMatch(/; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
    expect(text).not.toContain(token);
    const elsewhere = await get({ path: `/x/..//evil.test/?token=${token}` });
    expect([elsewhere.statusCode, elsewhere.headers.location]).toEqual([303, '/evil.test/']);
    const seen = await get({ path: '/', headers: { cookie: text.split(';')[0] } });
    expect([seen.statusCode, seen.text]).toEqual([200, '<!doctype html><title>Culvert</title>']);
  });

  it.each(['/', '/index.html', '/assets/app-abc.js', '/?token=', '/?token=x', '/?token=__proto__'])(
    'is needed for %s',
    async (path) => {
      expect((await get({ path })).statusCode).toBe(401);
      const wrong = { cookie: `${cookie.slice(0, -1)}${cookie.endsWith('A') ? 'B' : 'A'}` };
      expect((await get({ path, headers: wrong })).statusCode).toBe(401);
    },
  );

  it.each(['//', '///', '/\\', '//a:b', '//evil.test/', 'http://[', '*', 'x'])(
    'is needed for what is no address (%s), which harms nobody',
    async (path) => {
      expect([400, 401]).toContain((await get({ path })).statusCode);
      expect([303, 400]).toContain((await get({ path: `${path}?token=${token}` })).statusCode);
      expect((await get({ path: '/', headers: { cookie } })).statusCode).toBe(200);
    },
  );

  it('stays the same when the host is started again', async () => {
    await ui.close();
    ui = await start({ listen: { host: '127.0.0.1', port: ui.port } });
    expect(new URL(ui.url).searchParams.get('token')).toBe(token);
    expect((await get({ path: '/', headers: { cookie } })).statusCode).toBe(200);
  });
});

describe('pages', () => {
  it('come with a strict policy and no place to be framed or kept', async () => {
    for (const path of ['/', '/assets/app-abc.js', '/none', '/?token=x']) {
      const { headers } = await get({ path, headers: { cookie } });
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/);
      expect(headers['content-security-policy']).not.toMatch(/unsafe|\*/);
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
    }
    expect((await get({ path: '/', headers: { cookie } })).headers['cache-control']).toBe('no-store');
    const asset = await get({ path: '/assets/app-abc.js', headers: { cookie } });
    expect(asset.headers['cache-control']).toMatch(/immutable/);
    expect(asset.headers['content-type']).toMatch(/javascript/);
  });

  it.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/',
    '/.git/config',
    '/%00',
    '/%',
  ])('%s is not among them', async (path) => {
    const { statusCode, text } = await get({ path, headers: { cookie } });
    expect(statusCode).toBe(404);
    expect(text).not.toBe('secret');
  });

  it('are read only', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect((await get({ method, path: '/', headers: { cookie } })).statusCode).toBe(405);
    }
  });
});

describe('names', () => {
  it.each(['localhost', '127.0.0.1', '[::1]', 'LOCALHOST'])('%s is known', async (name) => {
    const headers = { host: `${name}:${ui.port}`, cookie };
    expect((await get({ path: '/', headers })).statusCode).toBe(200);
  });

  it.each(['evil.example', 'evil.example:80', '127.0.0.1.evil.example', 'localhost.', 'a b', '0.0.0.0'])(
    '%j is not: a page that rebinds its name gets nothing, token or not',
    async (host) => {
      expect((await get({ path: '/', headers: { host, cookie } })).statusCode).not.toBe(200);
      const origin = `http://${host}`;
      expect(await upgrade({ host, origin, cookie })).toBe(421);
    },
  );
});

describe('the pipe', () => {
  const origin = () => `http://127.0.0.1:${ui.port}`;

  it('opens for a page of its own that is logged in', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${ui.port}/pipe`, { headers: { cookie, origin: origin() } });
    await once(socket, 'open');
    expect(await clientOver(socket).system.hello({ contract: 1 })).toMatchObject({ contract: 1 });
    socket.terminate();
  });

  it('opens for nobody else', async () => {
    expect(await upgrade({ origin: origin() })).toBe(401);
    expect(await upgrade({ cookie })).toBe(403);
    expect(await upgrade({ cookie, origin: 'null' })).toBe(403);
    expect(await upgrade({ cookie, origin: `https://127.0.0.1:${ui.port}` })).toBe(403);
    expect(await upgrade({ cookie, origin: 'http://127.0.0.1:1' })).toBe(403);
    expect(await upgrade({ cookie, origin: `http://localhost:${ui.port}` })).toBe(403);
    expect(await upgrade({ cookie, origin: origin() }, '/other')).toBe(404);
    expect(await upgrade({ cookie: `x=${token}`, origin: origin() })).toBe(401);
  });
});

it('two hosts do not share a directory', async () => {
  await expect(start()).rejects.toMatchObject({ failure: { code: 'ERR_STORE' } });
});
