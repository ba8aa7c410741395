import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  createReadStream,
  existsSync,
  mkdirSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, portAccepts, temporaryFolder } from '../bench/rig.ts';
import { CulvertLab, HOST, makeKey, says, until } from '../support/culvert-process.ts';
import { KnownBytes } from '../support/known-bytes.ts';
import {
  haproxyConfig,
  haproxyPrefers,
  nginxConfig,
  squidConfig,
  tinyproxyConfig,
} from '../support/real-proxies.ts';
import { need, type Sshd, startSshd } from '../support/sshd.ts';
import { TcpRelay } from '../support/tcp-relay.ts';

/*
 * The command line through real proxies: squid and tinyproxy before the client, CONNECT denied; nginx with its
 * defaults and haproxy with cookie stickiness before the server.
 */

const lab = new CulvertLab();
afterAll(() => lab.close());

/** Transferred by rsync over ssh; CULVERT_TRANSFER_MB=1024 for the long form. */
const FILE_BYTES = Number(process.env.CULVERT_TRANSFER_MB ?? 12) * 1_000_000;
const STEP = 4 << 20;
const key = makeKey();
let folder = '';
let web = 0;
let server = 0;
let sshd: Sshd;
let squid = 0;
let nginx = 0;

beforeAll(async () => {
  const temporary = temporaryFolder();
  lab.onClose(() => temporary.remove());
  folder = temporary.path;
  web = await lab.listen(createServer((request, response) => response.end(`you asked ${request.url}`)));
  sshd = await startSshd(lab);
  server = (await lab.server([], undefined, key)).port;
  [squid, nginx] = [await freePort(), await freePort()];
  await run('squid', squidConfig({ folder: place('squid'), port: squid }), squid);
  await run('nginx', nginxConfig({ folder: place('nginx'), port: nginx, target: server }), nginx);
}, 60_000);

function place(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

async function run(name: string, args: readonly string[], port: number): Promise<void> {
  const child = lab.program(need(name, name, `/usr/sbin/${name}`), args);
  await until(`${name} accepts`, async () => {
    if (child.exited !== undefined) throw new Error(`${name} ${child.exited.text}: ${child.output}`);
    return portAccepts(port);
  });
}

/** What a program printed, or its error. */
function output(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const how = {
      encoding: 'utf8',
      maxBuffer: 64 << 20,
      timeout: 120_000,
      env: { PATH: process.env.PATH },
    } as const;
    execFile(program, args, how, (error, out, err) =>
      resolve(error === null ? out : `${error.message} ${err}`),
    );
  });
}

const curl = (port: number): Promise<string> =>
  output(need('curl', 'curl'), ['-q', '-sS', '--max-time', '20', `http://${HOST}:${port}/page`]);

/** A client with forwards to the web server and to sshd. */
async function client(
  words: readonly string[],
  to = server,
): Promise<{ said: () => string; web: number; ssh: number }> {
  const [first, second] = [await freePort(), await freePort()];
  const forwards = ['-L', `${first}::${web}`, '-L', `${second}::${sshd.port}`];
  const child = lab.run([...words, ...forwards, `${HOST}:${to}`, '-p', key]);
  await says(child, /connected: /);
  return { said: () => child.output, web: first, ssh: second };
}

async function digest(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
}

/** There and back by rsync over ssh, compared; then what little changed of it, by differences. */
async function copies(port: number, name: string): Promise<void> {
  const from = join(folder, `${name}.from`);
  writeFileSync(from, '');
  const known = new KnownBytes(9);
  for (let left = FILE_BYTES; left > 0; left -= STEP) appendFileSync(from, known.next(Math.min(STEP, left)));
  const ssh = [need('ssh', 'openssh-client'), ...sshd.common, '-p', String(port)].join(' ');
  const rsync = (one: string, two: string, ...words: string[]): Promise<string> =>
    output(need('rsync', 'rsync'), ['--rsh', ssh, '--ignore-times', ...words, one, two]);
  const [there, back] = [join(folder, `${name}.there`), join(folder, `${name}.back`)];
  expect(await rsync(from, `${HOST}:${there}`)).toBe('');
  expect(await rsync(`${HOST}:${there}`, back)).toBe('');
  expect(await digest(back)).toBe(await digest(from));

  const file = openSync(from, 'r+');
  writeSync(file, known.next(1000), 0, 1000, Math.floor(FILE_BYTES / 2));
  closeSync(file);
  const told = await rsync(from, `${HOST}:${there}`, '--no-whole-file', '--stats');
  expect(await digest(there)).toBe(await digest(from));
  // Both ends talk in turns over all of the file, and send only what changed.
  expect(Number(/Literal data: ([\d,]+) bytes/.exec(told)?.[1].replaceAll(',', ''))).toBeLessThan(200_000);
  for (const path of [from, there, back]) rmSync(path);
}

describe('squid with CONNECT denied, before the client', () => {
  it('plain HTTP, the default: curl, ssh, and a file there and back', async () => {
    const { said, web, ssh } = await client(['--proxy', `http://${HOST}:${squid}`]);
    expect(said()).toMatch(new RegExp(`connected: HTTP to ${HOST}:${server} through ${HOST}:${squid}`));
    expect(await curl(web)).toBe('you asked /page');
    const words = [...sshd.common, '-p', String(ssh), HOST, 'echo over ssh'];
    expect(await output(need('ssh', 'openssh-client'), words)).toBe('over ssh\n');
    await copies(ssh, 'squid');
  }, 300_000);

  it('auto: HTTP, as WebSocket needs the CONNECT that is denied, which -v says', async () => {
    const { said, web } = await client(['-v', '--transport', 'auto', '--proxy', `http://${HOST}:${squid}`]);
    expect(said()).toMatch(/connected: HTTP .*; WebSocket did not get through/);
    expect(await curl(web)).toBe('you asked /page');
    await until('the line of the counters', () =>
      /WebSocket does not work here: the proxy refuses CONNECT .*403/.test(said()),
    );
  }, 40_000);

  it('-w: says what to do instead', async () => {
    const child = lab.run(['-w', '--proxy', `${HOST}:${squid}`, '-D', '0', `${HOST}:${server}`, '-p', key]);
    await says(child, /the proxy refuses CONNECT to .*403.*use plain HTTP/);
  }, 30_000);
});

describe('tinyproxy that asks who one is, before the client', () => {
  it('says so without the password, and works with it, from the variable too', async () => {
    const port = await freePort();
    await run('tinyproxy', tinyproxyConfig({ folder: place('tiny'), port, login: 'me secret' }), port);
    const to = ['-D', '0', `${HOST}:${server}`, '-p', key];
    await says(
      lab.run(['--proxy', `http://${HOST}:${port}`, ...to]),
      /asks for a user name and password .*407.*--proxy/,
    );
    const wrong = lab.run(['--proxy', `http://me:hidden@${HOST}:${port}`, ...to]);
    await says(wrong, /not connected: .*(user name and password|401|403)/);
    expect(wrong.output).not.toContain('hidden');
    const { web } = await client(['--proxy', `http://me:secret@${HOST}:${port}`]);
    expect(await curl(web)).toBe('you asked /page');
    // A name of this machine that is not its loopback: that would not go through a proxy of the environment.
    const env = { http_proxy: `http://me:secret@${HOST}:${port}` };
    const by = lab.run(['-D', '0', `0.0.0.0:${server}`, '-p', key], { env });
    await says(by, /http_proxy is set: going through the proxy/);
    await says(by, new RegExp(`connected: HTTP to 0\\.0\\.0\\.0:${server} through ${HOST}:${port}`));
    expect(by.output).not.toContain('secret');
  }, 60_000);
});

describe('before the server', () => {
  it('nginx with its defaults: auto takes HTTP, with curl, ssh and a file there and back', async () => {
    const { said, web, ssh } = await client(['--transport', 'auto'], nginx);
    expect(said()).toMatch(/connected: HTTP .*; WebSocket did not get through/);
    expect(await curl(web)).toBe('you asked /page');
    await copies(ssh, 'nginx');
  }, 300_000);
});

describe('before two servers, haproxy', () => {
  let other = 0;
  beforeAll(async () => {
    other = (await lab.server([], undefined, key)).port;
  }, 30_000);

  /** A client whose session begins at the first server, while from then on whatever has no cookie goes to the second. */
  async function astray(
    transport: string,
    sticky: boolean,
  ): Promise<{ said: () => string; web: number; relay: TcpRelay }> {
    const port = await freePort();
    const home = place(`haproxy-${transport}-${sticky}`);
    await run('haproxy', haproxyConfig({ folder: home, port, targets: [server, other], sticky }), port);
    // It accepts connections before commands.
    await until('haproxy takes commands', () => existsSync(join(home, 'admin')));
    await haproxyPrefers(home, 0, 2);
    const relay = new TcpRelay(port);
    lab.onClose(() => relay.close());
    const begun = await client(['--transport', transport], await relay.listen());
    await haproxyPrefers(home, 1, 2);
    return { ...begun, relay };
  }

  it.each(['ws', 'http', 'auto'])(
    'that sets a cookie: %s finds its own server again',
    async (transport) => {
      const { said, web, relay } = await astray(transport, true);
      const socket = connect({ host: HOST, port: web });
      const answers: string[] = [];
      socket.on('data', (chunk) => answers.push(String(chunk)));
      for (let n = 1; n <= 4; n++) {
        relay.cut(n % 2 === 0 ? 'reset' : 'end');
        socket.write(`GET /${n} HTTP/1.1\r\nHost: x\r\n\r\n`);
        await until(`answer ${n}`, () => answers.join('').includes(`you asked /${n}`));
      }
      socket.destroy();
      expect(said()).not.toMatch(/no longer has the session/);
      if (transport === 'ws') expect(said().match(/session resumed, nothing lost/g)).toHaveLength(4);
    },
    60_000,
  );

  it.each(['ws', 'http'])(
    'that sets none: %s comes to the other one, and its session is lost',
    async (transport) => {
      const { said, web, relay } = await astray(transport, false);
      relay.cut();
      await until('the loss', () => /the server no longer has the session/.test(said()), 30_000);
      // The next connection works.
      await until('another', async () => (await curl(web)) === 'you asked /page');
    },
    60_000,
  );
});
