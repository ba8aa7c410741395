import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MixedLab } from '../../../support/mixed-port.ts';

const auth = { user: 'me', password: 'pass:word' };
let lab: MixedLab;
beforeEach(() => {
  lab = new MixedLab();
});
afterEach(() => lab.close());

describe('curl', () => {
  const folder = mkdtempSync(join(tmpdir(), 'culvert-curl-'));
  const upload = join(folder, 'upload');
  const body = randomBytes(5_000_000);
  const digest = createHash('sha256').update(body).digest('hex');
  beforeAll(() => writeFileSync(upload, body));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Runs curl without any configuration of this machine; gives its exit code and output. */
  function curl(...args: string[]): Promise<{ code: number; out: string }> {
    const env = { PATH: process.env.PATH };
    return new Promise((resolve) => {
      const all = ['-q', '-sS', '--noproxy', '', '--max-time', '10', ...args];
      execFile('curl', all, { env, maxBuffer: 32 << 20 }, (error, out) => {
        resolve({ code: error === null ? 0 : Number(error.code), out });
      });
    });
  }

  /** Answers with its name, what was asked of it, and the digest of the body. */
  const web = (name: string): Promise<number> =>
    lab.listen(
      createServer((request, response) => {
        const hash = createHash('sha256');
        request.on('data', (chunk: Buffer) => hash.update(chunk));
        request.on('end', () => {
          const { method, url, headers } = request;
          const proxied = Object.keys(headers).some((field) => field.startsWith('proxy-'));
          response.setHeader('X-Name', name);
          response.end(
            `${JSON.stringify({ name, method, url, host: headers.host, proxied, body: hash.digest('hex') })}\n`,
          );
        });
      }),
    );
  const read = (out: string): unknown[] =>
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));

  const dialects: [string, (port: number) => string[]][] = [
    ['SOCKS5 with names', (port) => ['--socks5-hostname', `127.0.0.1:${port}`]],
    ['SOCKS4a', (port) => ['--socks4a', `127.0.0.1:${port}`]],
    ['an HTTP proxy', (port) => ['-x', `http://127.0.0.1:${port}`]],
    ['an HTTP proxy by CONNECT', (port) => ['--proxytunnel', '-x', `http://127.0.0.1:${port}`]],
  ];

  it.each(dialects)(
    'gets and posts 5 MB through %s, and the name reaches the tunnel',
    async (_name, proxy) => {
      const origin = await web('one');
      const mixed = await lab.mixed({}, { names: ['one.test'] });
      const url = `http://one.test:${origin}/a?b=%20`;
      const got = await curl(...proxy(mixed.port), url);
      expect([got.code, read(got.out)]).toMatchObject([
        0,
        [{ name: 'one', method: 'GET', url: '/a?b=%20', host: `one.test:${origin}`, proxied: false }],
      ]);
      const posted = await curl(...proxy(mixed.port), '--data-binary', `@${upload}`, url);
      expect([posted.code, read(posted.out)]).toMatchObject([0, [{ method: 'POST', body: digest }]]);
      expect(new Set(mixed.opener.targets.map(({ host }) => host))).toEqual(new Set(['one.test']));
    },
  );

  it('gets through SOCKS4 by address', async () => {
    const origin = await web('one');
    const mixed = await lab.mixed();
    const got = await curl('--socks4', `127.0.0.1:${mixed.port}`, `http://127.0.0.1:${origin}/`);
    expect([got.code, read(got.out)]).toMatchObject([0, [{ name: 'one' }]]);
    expect(mixed.opener.targets).toEqual([{ host: '127.0.0.1', port: origin }]);
  });

  it('posts chunks', async () => {
    const origin = await web('one');
    const { port } = await lab.mixed();
    const args = [
      '-x',
      `http://127.0.0.1:${port}`,
      '-H',
      'Transfer-Encoding: chunked',
      '--data-binary',
      `@${upload}`,
    ];
    const posted = await curl(...args, `http://127.0.0.1:${origin}/`);
    expect([posted.code, read(posted.out)]).toMatchObject([0, [{ body: digest }]]);
  });

  it('gets from two servers over one proxy connection', async () => {
    const ports = [await web('one'), await web('two')];
    const mixed = await lab.mixed({}, { names: ['one.test', 'two.test'] });
    const urls = [
      `http://one.test:${ports[0]}/1`,
      `http://two.test:${ports[1]}/2`,
      `http://two.test:${ports[1]}/3`,
    ];
    const got = await curl(
      '-x',
      `http://127.0.0.1:${mixed.port}`,
      '-w',
      '%{num_connects} %{local_port}\n',
      ...urls,
    );
    expect(got.code).toBe(0);
    const lines = got.out.trim().split('\n');
    expect(read(lines.filter((line) => line.startsWith('{')).join('\n'))).toMatchObject([
      { name: 'one', url: '/1' },
      { name: 'two', url: '/2' },
      { name: 'two', url: '/3' },
    ]);
    expect(lines.filter((line) => !line.startsWith('{')).map((line) => line.split(' ')[0])).toEqual([
      '1',
      '0',
      '0',
    ]);
    expect(mixed.opener.targets.map(({ host }) => host)).toEqual(['one.test', 'two.test']);
  });

  const asking = dialects.filter(([name]) => !name.startsWith('SOCKS4'));
  it.each(asking)('gives its password through %s', async (name, proxy) => {
    const origin = await web('one');
    const { port } = await lab.mixed({ auth });
    const url = `http://127.0.0.1:${origin}/`;
    const right = await curl(...proxy(port), '--proxy-user', 'me:pass:word', url);
    expect([right.code, read(right.out)]).toMatchObject([0, [{ name: 'one', proxied: false }]]);
    const status = ['-o', join(folder, 'out'), '-w', '%{http_code} %{http_connect}'];
    for (const login of [['--proxy-user', 'me:wrong'], ['--proxy-user', 'you:pass:word'], []]) {
      const wrong = await curl(...proxy(port), ...login, ...status, url);
      if (name.startsWith('SOCKS5')) expect(wrong).toEqual({ code: 97, out: '000 000' });
      else if (name.endsWith('CONNECT')) expect(wrong).toEqual({ code: 56, out: '000 407' });
      else expect(wrong).toEqual({ code: 0, out: '407 000' });
    }
  });

  it('is refused through SOCKS4 where a password is asked for', async () => {
    const { port, opener } = await lab.mixed({ auth });
    expect((await curl('--socks4a', `127.0.0.1:${port}`, 'http://a.test/')).code).toBe(97);
    expect(opener.targets).toEqual([]);
  });

  it('may offer a password where none is asked for', async () => {
    const origin = await web('one');
    const { port } = await lab.mixed();
    for (const proxy of ['socks5h', 'socks4a', 'http']) {
      const got = await curl('-x', `${proxy}://a:b@127.0.0.1:${port}`, `http://127.0.0.1:${origin}/`);
      expect([got.code, read(got.out)]).toMatchObject([0, [{ name: 'one' }]]);
    }
  });

  it.each(dialects)('is told of a refused port through %s', async (name, proxy) => {
    const refused = await lab.closedPort();
    const { port } = await lab.mixed();
    const got = await curl(
      ...proxy(port),
      '-w',
      '%{http_code} %{http_connect}',
      `http://127.0.0.1:${refused}/`,
    );
    if (name.startsWith('SOCKS')) expect(got).toEqual({ code: 97, out: '000 000' });
    else if (name.endsWith('CONNECT')) expect(got).toEqual({ code: 56, out: '000 502' });
    else {
      expect(got.code).toBe(0);
      expect(got.out).toMatch(/127\.0\.0\.1:\d+: the connection was refused[\s\S]*502 000$/);
    }
  });

  it('is refused while it uploads, and still hears why', async () => {
    const { port } = await lab.mixed({ auth });
    const args = ['-x', `http://127.0.0.1:${port}`, '-H', 'Expect:', '--data-binary', `@${upload}`];
    const got = await curl(...args, '-w', '%{http_code}', 'http://a.test/');
    expect(got.out).toMatch(/user and a password[\s\S]*407$/);
  });

  it('as a browser that opens the port gets a page', async () => {
    const { port, opener } = await lab.mixed({ auth });
    const got = await curl('-i', `http://localhost:${port}/favicon.ico`);
    expect(got.code).toBe(0);
    expect(got.out).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*text\/html[\s\S]*This is a Culvert proxy port/);
    expect(got.out).toContain(`127.0.0.1:${port}`);
    const head = await curl('-I', `http://127.0.0.1:${port}/`);
    expect(head.out).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*\r\n\r\n$/);
    const post = await curl('-i', '-d', 'x', `http://127.0.0.1:${port}/`);
    expect(post.out).toMatch(/^HTTP\/1\.1 405 [\s\S]*Allow: GET, HEAD/);
    expect(opener.targets).toEqual([]);
  });
});
