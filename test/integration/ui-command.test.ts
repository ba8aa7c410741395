import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../bench/rig.ts';
import { CulvertLab, exitCodeOf, says } from '../support/culvert-process.ts';

/** `culvert ui` and `npm start` as commands: what they print, and how they end. */
const lab = new CulvertLab();
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'culvert-command-'));
});
afterAll(async () => {
  await lab.close();
  rmSync(directory, { recursive: true, force: true });
});

const data = (name: string) => ['--data', join(directory, name)];

describe('culvert ui', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'prints one address, serves, and ends in order at %s',
    async (signal) => {
      const ui = lab.run(['ui', '--listen', '127.0.0.1:0', ...data(signal)]);
      const [, url] = await says(ui, /Culvert is at (http:\/\/127\.0\.0\.1:\d+\/\?token=\S+)/);
      const first = await fetch(url, { redirect: 'manual' });
      expect(first.status).toBe(303);
      ui.signal(signal);
      expect(await exitCodeOf(ui)).toBe(0);
      expect(ui.output.trim().split('\n')).toHaveLength(1);
    },
  );

  it.each([
    [['--listen', '0.0.0.0:0'], 2, /without TLS/],
    [['--listen', ':0'], 2, /--insecure/],
    [['--listen', 'nonsense'], 2, /wrong/],
    [['--lisen', '1'], 2, /--lisen/],
    [['surplus'], 2, /surplus/],
    [['--tls-cert', 'a.pem'], 2, /go together/],
    [['--tls-cert', '/none.pem', '--tls-key', '/none.pem'], 2, /none\.pem/],
  ])('%j ends with %i', async (args, code, text) => {
    const ui = lab.run(['ui', ...args, ...data('wrong')]);
    expect(await exitCodeOf(ui)).toBe(code);
    expect(ui.output).toMatch(text);
    expect(ui.output.trim().split('\n')).toHaveLength(1);
  });

  // Node's own recursive mkdir never comes back from the first.
  it.skipIf(process.platform !== 'linux').each(['/proc/x/y', '/proc', '/dev/null/x'])(
    'says that it cannot keep its files in %s, and what to do',
    async (place) => {
      const ui = lab.run(['ui', '--listen', '127.0.0.1:0', '--data', place]);
      expect(await exitCodeOf(ui)).toBe(4);
      expect(ui.output).toMatch(/^culvert: the directory (\S+) cannot be made or written \(.+\).*--data DIR/);
      expect(ui.output).toContain(`the directory ${place} `);
      expect(ui.output.trim().split('\n')).toHaveLength(1);
    },
  );

  it('names who has its port', async () => {
    const first = lab.run(['ui', '--listen', '127.0.0.1:0', ...data('one')]);
    const [, port] = await says(first, /127\.0\.0\.1:(\d+)/);
    const second = lab.run(['ui', '--listen', `127.0.0.1:${port}`, ...data('two')]);
    expect(await exitCodeOf(second)).toBe(3);
    expect(second.output).toMatch(/is taken/);
    const third = lab.run(['ui', '--listen', '127.0.0.1:0', ...data('one')]);
    expect(await exitCodeOf(third)).toBe(4);
    expect(third.output).toMatch(/another Culvert uses/);
  });

  it('does not write over the files of a later version', async () => {
    const ui = lab.run(['ui', '--listen', '127.0.0.1:0', ...data('later')]);
    await says(ui, /Culvert is at/);
    ui.signal('SIGTERM');
    await exitCodeOf(ui);
    writeFileSync(join(directory, 'later/config.json'), '{"version": 99}');
    const again = lab.run(['ui', '--listen', '127.0.0.1:0', ...data('later')]);
    expect(await exitCodeOf(again)).toBe(4);
    expect(again.output).toMatch(/later version/);
  });
});

it('npm start says in one line why there is no desktop app, and serves', async () => {
  const script = join(projectRoot(), 'out', 'src-main', 'cli', 'start.js');
  const start = lab.program(process.execPath, [script, '--listen', '127.0.0.1:0', ...data('start')]);
  await says(start, /no desktop app here \(.+\): the same app is served to your browser\n/);
  await says(start, /Culvert is at http/);
  start.signal('SIGINT');
  expect(await exitCodeOf(start)).toBe(0);
});

it('is served by HTTPS with a certificate, under a name that is allowed', async () => {
  const [keyFile, certFile] = ['key.pem', 'cert.pem'].map((name) => join(directory, name));
  const subject = ['-subj', '/CN=nas.example', '-addext', 'subjectAltName=DNS:nas.example'];
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const files = ['-keyout', keyFile, '-out', certFile];
  execFileSync('openssl', ['req', '-x509', ...made, ...subject, ...files], { stdio: 'ignore' });
  const tls = ['--tls-cert', certFile, '--tls-key', keyFile, '--allow-host', 'nas.example'];
  const ui = lab.run(['ui', '--listen', '*:0', ...tls, ...data('tls')]);
  const [, port, token] = await says(ui, /https:\/\/nas\.example:(\d+)\/\?token=(\S+)/);
  const ask = (host: string) =>
    new Promise<{ status: number | undefined; cookie: string }>((resolve, reject) => {
      const path = `/?token=${token}`;
      const options = {
        port,
        path,
        headers: { host },
        ca: readFileSync(certFile),
        servername: 'nas.example',
      };
      get({ host: '127.0.0.1', ...options }, (response) => {
        response.resume();
        resolve({ status: response.statusCode, cookie: String(response.headers['set-cookie']) });
      }).on('error', reject);
    });
  const known = await ask(`nas.example:${port}`);
  expect(known.status).toBe(303);
  expect(known.cookie).toMatch(/; Secure$/);
  expect((await ask(`other.example:${port}`)).status).toBe(421);
  ui.signal('SIGTERM');
  expect(await exitCodeOf(ui)).toBe(0);
});
