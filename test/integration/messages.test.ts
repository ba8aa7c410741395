import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { type Clock, systemClock } from '../../src-main/engine/base/clock.ts';
import { Client, type DialerState, Logger, parseKey } from '../../src-main/engine/index.ts';
import { culvertBin, freePort, temporaryFolder } from '../bench/rig.ts';
import { CulvertLab, exitCodeOf, HOST, makeKey, says, until } from '../support/culvert-process.ts';
import { startNginx } from '../support/web-covers.ts';

const lab = new CulvertLab();
const folder = temporaryFolder();
lab.onClose(() => folder.remove());
afterAll(() => lab.close());

function file(name: string, text: string): string {
  const path = join(folder.path, name);
  writeFileSync(path, text);
  return path;
}

describe('what a client says of a server it cannot use', () => {
  it('a wrong key', async () => {
    const server = await lab.server();
    const client = await lab.client({ port: server.port, key: makeKey() }, ['-D', '0'], false);
    const [said] = await says(client, /not connected: .*/);
    expect(said).toMatch(/answers as an ordinary web site \(HTTP 404 Not Found\)/);
    expect(said).toMatch(/the key is not the one the server has/);
    expect(said).toMatch(/next try in/);
    expect(client.exited).toBeUndefined();
  });

  it('a real nginx, which is no Culvert', async () => {
    const nginx = await startNginx(await freePort());
    lab.onClose(() => nginx.close());
    const client = await lab.client({ port: nginx.port, key: makeKey() }, ['-D', '0'], false);
    const [said] = await says(client, /not connected: .*/);
    expect(said).toMatch(/answers with a web page \(HTTP 200/);
    expect(said).toMatch(/compare both sides’ -p and the address/);
  });

  it('a WebSocket server that is no Culvert', async () => {
    const web = createServer();
    const sockets = new WebSocketServer({ server: web });
    lab.onClose(() => sockets.close());
    const client = await lab.client({ port: await lab.listen(web), key: makeKey() }, ['-D', '0'], false);
    await says(client, /answers, but is no Culvert server/);
  });

  it('a page that redirects', async () => {
    const port = await lab.listen(
      createServer((_request, response) => response.writeHead(302, { Location: 'http://login.test/' }).end()),
    );
    const client = await lab.client({ port, key: makeKey() }, ['-D', '0'], false);
    await says(client, /redirects to http:\/\/login\.test\/ .*login/);
  });

  it.each([
    ['10 minutes behind', -600_000],
    ['3 hours ahead', 3 * 3_600_000],
  ])('a clock %s is said and corrected', async (_name, offset) => {
    const server = await lab.server();
    const clock: Clock = { ...systemClock, wall: () => Date.now() + offset };
    const said: string[] = [];
    let state: DialerState = { kind: 'stopped' };
    const client = new Client({
      server: new URL(`ws://${HOST}:${server.port}/`),
      key: await parseKey(server.key),
      forwards: [],
      clock,
      log: new Logger('client', 'info', ({ text }) => said.push(text)),
      onState: (next) => {
        state = next;
      },
    });
    lab.onClose(() => client.destroy());
    await client.start();
    await until('connected', () => state.kind === 'connected');
    const minutes = Math.abs(offset) / 60_000;
    const way = offset < 0 ? 'behind' : 'ahead of';
    expect(said.join('\n')).toContain(`this computer's clock is ${minutes} minutes ${way} the server's`);
  });
});

describe('exit codes, and one line instead of a stack trace', () => {
  /** Runs to the end; the one line it leaves on stderr. */
  async function refusal(args: readonly string[]): Promise<{ code: number | undefined; line: string }> {
    const child = lab.run(args);
    const code = await exitCodeOf(child);
    const lines = child.output.split('\n').filter((line) => line.startsWith('culvert: '));
    expect(child.output).not.toMatch(/^\s+at /m);
    expect(lines).toHaveLength(1);
    return { code, line: lines[0] };
  }

  it('0: help, version, keygen', async () => {
    const [help, version, keygen] = [['-h'], ['--version'], ['keygen']].map((args) => lab.run(args));
    expect(await exitCodeOf(help)).toBe(0);
    expect(help.output).toMatch(/Exit codes:/);
    expect(await exitCodeOf(version)).toBe(0);
    expect(version.output).toMatch(/^culvert \d+\.\d+\.\d+\n$/);
    expect(await exitCodeOf(keygen)).toBe(0);
    expect(keygen.output).toMatch(/^cv1_[\w-]{43}\n$/);
  });

  it('1: what should not happen', async () => {
    // Not before the command line is up: until then an error is Node's to report.
    const boom = file(
      'boom.mjs',
      `setInterval(() => { if (process.listenerCount('uncaughtException')) throw new Error('boom'); }, 20);`,
    );
    const words = ['--import', pathToFileURL(boom).href, culvertBin(), `${HOST}:0`, '-p', makeKey()];
    const child = lab.program(process.execPath, words);
    expect(await exitCodeOf(child)).toBe(1);
    expect(child.output).toMatch(/^culvert: boom \(this is a bug; run it with -vvv for the details\)$/m);
    expect(child.output).not.toMatch(/^\s+at /m);
  });

  it.each([
    [['--sever', 'x'], /unknown option "--sever"/],
    [[':99999'], /port "99999" is not in 0-65535/],
    [['--udp', 'x:y', ':80', '-p', 'k'], /--udp "x:y": "y" is not a port/],
    [['--ca', 'none.pem', '-D', '0', 'wss://server', '-p', 'k'], /--ca "none\.pem": there is no such file/],
    [['-P', '/no/such/folder', `${HOST}:0`], /cover site's directory/],
  ])('2: %j', async (args, message) => {
    const { code, line } = await refusal(args);
    expect([code, line]).toEqual([2, expect.stringMatching(message)]);
  });

  it('3: a port that is taken, whose owner it names', async () => {
    const port = await lab.tcp(() => {});
    const server = await refusal([`${HOST}:${port}`]);
    const client = await refusal(['-D', String(port), `${HOST}:1`, '-p', 'k']);
    for (const { code, line } of [server, client]) {
      expect([code, line]).toEqual([3, expect.stringContaining(String(port))]);
      if (process.platform === 'linux') expect(line).toContain(`(pid ${process.pid})`);
    }
  });

  it('4: keys and config files', async () => {
    const config = file('bad.json', '{\n  "server": "server:80",\n  "password": oops\n}');
    const wrong = await refusal(['-c', config]);
    expect([wrong.code, wrong.line]).toEqual([4, expect.stringMatching(/wrong in line 3/)]);
    const cut = await refusal([`${HOST}:0`, '-p', 'cv1_tooshort']);
    expect([cut.code, cut.line]).toEqual([4, expect.stringMatching(/has 43 characters after its prefix/)]);
    const none = await refusal(['-D', '0', 'server:80']);
    expect([none.code, none.line]).toEqual([4, expect.stringMatching(/the key is missing/)]);
  });

  it('whoever reads only the first line is not shown an error', async () => {
    const child = spawn(process.execPath, [culvertBin(), '-h'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let errors = '';
    child.stderr.on('data', (text) => {
      errors += text;
    });
    await once(child, 'close');
    expect(errors).toBe('');
  });
});

describe('logs', () => {
  it('never hold the key, however talkative', async () => {
    const origin = await lab.listen(createServer((_request, response) => response.end('ok')));
    for (const key of [makeKey(), 'correct horse battery staple']) {
      const server = await lab.server(['-vvv'], undefined, key);
      const local = await freePort();
      const client = await lab.client(server, ['-vvv', '-L', `${local}::${origin}`]);
      expect(await (await fetch(`http://${HOST}:${local}/`)).text()).toBe('ok');
      expect(client.output + server.process.output).not.toContain(key.replace('cv1_', ''));
    }
  });

  it('warn of a passphrase that is easy to guess', async () => {
    const server = await lab.server([], undefined, 'password1');
    expect(server.process.output).toMatch(/the key is easy to guess/);
    expect(server.process.output).not.toContain('password1');
  });

  it('-q leaves errors alone', async () => {
    const port = await freePort();
    const server = lab.run(['-q', `${HOST}:${port}`, '-p', 'password1']);
    const client = lab.run(['-q', '-D', '0', `${HOST}:${port}`, '-p', 'password1']);
    await until(
      'they run',
      async () => (await fetch(`http://${HOST}:${port}/`).catch(() => undefined)) !== undefined,
    );
    for (const child of [client, server]) {
      child.signal('SIGTERM');
      await child.ended;
    }
    expect(client.output + server.output).toBe('');
  });
});
