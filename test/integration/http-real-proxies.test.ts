import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort, portAccepts } from '../bench/rig.ts';
import { nginxConfig, squidConfig, tinyproxyConfig } from '../support/real-proxies.ts';
import { exchangeBytes, startRig, type TunnelRig } from '../support/tunnel-rig.ts';

let rig: TunnelRig | undefined;
const running: ChildProcess[] = [];
const folders: string[] = [];

afterEach(async () => {
  await rig?.close();
  rig = undefined;
  for (const child of running.splice(0)) {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function program(name: string): string {
  const found = ['/usr/sbin', '/usr/bin']
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${name} is missing: apt-get install ${name}`);
  return found;
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'culvert-proxy-'));
  folders.push(path);
  return path;
}

async function run(name: string, args: string[], port: number): Promise<void> {
  const child = spawn(program(name), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const until = Date.now() + 10_000;
  while (!(await portAccepts(port))) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`${name} does not start: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Round trips of one byte on one connection, ms. */
function echoes(port: number, count: number): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    const times: number[] = [];
    let at = performance.now();
    socket.on('error', reject);
    socket.on('data', () => {
      times.push(performance.now() - at);
      if (times.length === count) {
        socket.destroy();
        return resolve(times);
      }
      at = performance.now();
      socket.write('x');
    });
    socket.write('x');
  });
}

async function check(port: number): Promise<void> {
  for (const size of [0, 10, 70_000, 6_000_000]) {
    const bytes = randomBytes(size);
    const back = await exchangeBytes(port, bytes);
    expect(back.length).toBe(size);
    expect(back.equals(bytes)).toBe(true);
  }
  const all = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const bytes = randomBytes(i * 20_000);
      return (await exchangeBytes(port, bytes)).equals(bytes);
    }),
  );
  expect(all.every(Boolean)).toBe(true);
  const times = (await echoes(port, 50)).sort((a, b) => a - b);
  // A poll that waited in vain would take seconds; the figure itself is the benchmark's.
  expect(times[25]).toBeLessThan(500);
}

const echo = { target: (socket: import('node:net').Socket) => void socket.pipe(socket) };

describe('HTTP through real proxies', () => {
  it('nginx with its defaults, before the server', { timeout: 120_000 }, async () => {
    const port = await freePort();
    rig = await startRig({
      ...echo,
      between: async (target) => {
        await run('nginx', nginxConfig({ folder: folder(), port, target }), port);
        return `http://127.0.0.1:${port}/app/`;
      },
    });
    await check(rig.port);
  });

  it('nginx with a body limit of 100 KB', { timeout: 120_000 }, async () => {
    const port = await freePort();
    rig = await startRig({
      ...echo,
      between: async (target) => {
        const extra = 'client_max_body_size 100k;';
        await run('nginx', nginxConfig({ folder: folder(), port, target, extra }), port);
        return `http://127.0.0.1:${port}/app/`;
      },
    });
    await check(rig.port);
  });

  it('nginx that hands bodies on as they come, up to its limit of 1 MiB', { timeout: 120_000 }, async () => {
    const port = await freePort();
    const streaming = await startRig({
      ...echo,
      between: async (target) => {
        const extra = 'proxy_buffering off; proxy_request_buffering off;';
        await run('nginx', nginxConfig({ folder: folder(), port, target, extra }), port);
        return `http://127.0.0.1:${port}/app/`;
      },
    });
    rig = streaming;
    const streams = (): unknown => streaming.client.status().carrier?.learnt.streamsUp;
    for (const until = Date.now() + 30_000; streams() !== true && Date.now() < until; )
      expect((await exchangeBytes(streaming.port, randomBytes(500_000))).length).toBe(500_000);
    await check(streaming.port);
    // Far more than its limit went up, and it is streamed to all the same.
    expect(streams()).toBe(true);
  });

  it('squid with CONNECT denied, before the client', { timeout: 120_000 }, async () => {
    const port = await freePort();
    await run('squid', squidConfig({ folder: folder(), port }), port);
    rig = await startRig({ ...echo, client: { route: { kind: 'http', host: '127.0.0.1', port } } });
    await check(rig.port);
  });

  it('tinyproxy, before the client', { timeout: 120_000 }, async () => {
    const port = await freePort();
    await run('tinyproxy', tinyproxyConfig({ folder: folder(), port }), port);
    rig = await startRig({ ...echo, client: { route: { kind: 'http', host: '127.0.0.1', port } } });
    await check(rig.port);
  });
});
