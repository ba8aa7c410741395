import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CulvertLab, HOST } from '../support/culvert-process.ts';

const lab = new CulvertLab();
afterAll(() => lab.close());

const BODY = randomBytes(2_000_000);
const DIGEST = createHash('sha256').update(BODY).digest('hex');

interface CurlResult {
  readonly code: number;
  readonly out: Buffer;
  readonly err: string;
}

/** curl without this machine's configuration and proxies. */
function curl(...args: string[]): Promise<CurlResult> {
  const all = ['-q', '-sS', '--noproxy', '', '--max-time', '15', ...args];
  const options = { env: { PATH: process.env.PATH }, encoding: 'buffer', maxBuffer: 64 << 20 } as const;
  return new Promise((resolve, reject) => {
    execFile('curl', all, options, (error, out, err) => {
      if (error !== null && error.code === 'ENOENT')
        reject(new Error('curl is missing: apt-get install curl'));
      else resolve({ code: error === null ? 0 : Number(error.code), out, err: err.toString() });
    });
  });
}

const DIALECTS: readonly [string, (proxy: string, login: string) => string[]][] = [
  ['socks5h', (proxy, login) => ['-x', `socks5h://${login}${proxy}`]],
  ['socks5', (proxy, login) => ['-x', `socks5://${login}${proxy}`]],
  ['absolute HTTP', (proxy, login) => ['-x', `http://${login}${proxy}`]],
  ['CONNECT', (proxy, login) => ['-p', '-x', `http://${login}${proxy}`]],
];
/** SOCKS4 has no password. */
const OPEN_DIALECTS: typeof DIALECTS = [
  ...DIALECTS,
  ['socks4', (proxy) => ['-x', `socks4://${proxy}`]],
  ['socks4a', (proxy) => ['-x', `socks4a://${proxy}`]],
];

describe('real curl through a real tunnel', () => {
  let origin = 0;
  let open = '';
  let locked = '';

  beforeAll(async () => {
    origin = await lab.listen(
      createServer((request, response) => {
        const hash = createHash('sha256');
        request.on('data', (chunk: Buffer) => hash.update(chunk));
        request.on('end', () => response.end(request.method === 'POST' ? hash.digest('hex') : BODY));
      }),
    );
    const plain = await lab.dynamic();
    open = `${HOST}:${plain.port}`;
    locked = `${HOST}:${(await lab.dynamic(['--proxy-auth', 'me:pass:word'])).port}`;
  }, 30_000);

  it.each(OPEN_DIALECTS)('%s: down and up', async (_name, proxy) => {
    // "localhost" is resolved where the dialect says: here for socks4 and socks5, by the server for the rest.
    const url = `http://localhost:${origin}/`;
    const [down, up] = await Promise.all([
      curl(...proxy(open, ''), '-4', url),
      curl(...proxy(open, ''), '-4', '--data-binary', 'some text', url),
    ]);
    expect([down.code, down.err]).toEqual([0, '']);
    expect(createHash('sha256').update(down.out).digest('hex')).toBe(DIGEST);
    expect(up.out.toString()).toBe(createHash('sha256').update('some text').digest('hex'));
  });

  it.each(DIALECTS)('%s with user and password', async (_name, proxy) => {
    const url = `http://localhost:${origin}/`;
    const [right, wrong, none] = await Promise.all([
      curl(...proxy(locked, 'me:pass%3Aword@'), url),
      curl(...proxy(locked, 'me:guess@'), '-f', url),
      curl(...proxy(locked, ''), '-f', url),
    ]);
    expect([right.code, right.out.length]).toEqual([0, BODY.length]);
    expect(wrong.code).not.toBe(0);
    expect(none.code).not.toBe(0);
  });

  it('a browser that opens the port directly gets a page that says what it is', async () => {
    const page = await curl(`http://${open}/`);
    expect(page.code).toBe(0);
    expect(page.out.toString()).toMatch(/Culvert/);
  });
});
