/**
 * Figures of the HTTP carrier: `node out/test/bench/http-carrier.js [direct|node|nginx|ws ...] [seconds]`.
 * Between client and server: nothing; a proxy of our own that reads whole requests and whole answers; nginx made to
 * buffer both. Prints one line per figure.
 */
import { Agent, createServer, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Client } from '../../src-main/engine/client/client.ts';
import { generateKey, parseKey } from '../../src-main/engine/crypto/keys.ts';
import { Server } from '../../src-main/engine/server/server.ts';
import { nginxConfig } from '../support/real-proxies.ts';
import { type MeasureContext, WS_MEASURES } from './measures.ts';
import { ProcessSet } from './processes.ts';
import {
  buildTb,
  echoOnce,
  findProgram,
  freePort,
  portAccepts,
  temporaryFolder,
  waitUntilReady,
} from './rig.ts';

const HOST = '127.0.0.1';
const WAYS = ['direct', 'node', 'nginx', 'ws'] as const;
type Way = (typeof WAYS)[number];

async function serve(port: number, key: string): Promise<void> {
  await new Server({ listen: { host: HOST, port }, users: [await parseKey(key)] }).start();
}

async function connectTo(
  url: string,
  local: number,
  target: number,
  key: string,
  transport: 'http' | 'ws',
): Promise<void> {
  const client = new Client({
    server: new URL(url),
    key: await parseKey(key),
    transport,
    forwards: [
      {
        kind: 'static',
        bind: { host: HOST, port: local },
        target: { host: HOST, port: target },
      },
    ],
    onState: (state) => console.error(JSON.stringify(state)),
  });
  await client.start();
}

/** Reads the whole request, then the whole answer. */
function buffer(port: number, target: number): void {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  createServer((incoming, response) => {
    const body: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => body.push(chunk));
    incoming.on('end', () => {
      const options = {
        agent,
        host: HOST,
        port: target,
        method: 'POST',
        path: incoming.url,
        headers: incoming.headers,
      };
      const outgoing = request(options, (answer) => {
        const got: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => got.push(chunk));
        answer.on('end', () => {
          response.cork();
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          for (const chunk of got) response.write(chunk);
          response.end();
          response.uncork();
        });
      });
      outgoing.on('error', () => response.destroy());
      response.on('close', () => response.writableFinished || outgoing.destroy());
      outgoing.cork();
      for (const chunk of body) outgoing.write(chunk);
      outgoing.end();
      outgoing.uncork();
    });
  }).listen(port, HOST);
}

async function measure(ways: readonly Way[], seconds: number, only: readonly string[]): Promise<void> {
  const processes = new ProcessSet();
  const folder = temporaryFolder();
  const self = fileURLToPath(import.meta.url);
  const node = (name: string, ...args: Array<string | number>) =>
    processes.start(name, process.execPath, [self, ...args.map(String)]);
  try {
    const tb = await buildTb(processes, folder.path);
    const target = await freePort();
    processes.start('tb', tb, ['serve', String(target)]);
    const key = generateKey();
    const context: MeasureContext = { processes, tb, seconds };
    for (const way of ways) {
      const [port, between, local] = [await freePort(), await freePort(), await freePort()];
      const running = [node('server', 'serve', port, key)];
      await waitUntilReady('server', () => portAccepts(port), running, 10_000);
      if (way === 'node') running.push(node('proxy', 'buffer', between, port));
      if (way === 'nginx') {
        const extra =
          'proxy_ignore_headers X-Accel-Buffering; client_body_buffer_size 1100k; proxy_buffer_size 1100k;' +
          'proxy_buffers 4 1100k; proxy_busy_buffers_size 2200k; proxy_max_temp_file_size 0;';
        const args = nginxConfig({ folder: folder.path, port: between, target: port, extra });
        running.push(processes.start('nginx', findProgram('nginx') ?? '/usr/sbin/nginx', args));
      }
      const at = way === 'node' || way === 'nginx' ? between : port;
      await waitUntilReady(way, () => portAccepts(at), running, 10_000);
      const transport = way === 'ws' ? 'ws' : 'http';
      running.push(node('client', 'connect', `http://${HOST}:${at}/`, local, target, key, transport));
      await waitUntilReady('tunnel', () => echoOnce(local, 2000), running, 10_000);
      for (const each of WS_MEASURES) {
        if (only.length > 0 && !only.includes(each.id)) continue;
        const sample = await each.run(local, context);
        console.log(way, each.id, sample.ok ? JSON.stringify(sample.figures) : `FAILED ${sample.reason}`);
      }
      for (const each of running) each.signal('SIGTERM');
    }
  } finally {
    await processes.stopAll();
    folder.remove();
  }
}

const [role, ...rest] = process.argv.slice(2);
if (role === 'serve') await serve(Number(rest[0]), rest[1]);
else if (role === 'buffer') buffer(Number(rest[0]), Number(rest[1]));
else if (role === 'connect') {
  const transport = rest[4] === 'ws' ? 'ws' : 'http';
  await connectTo(rest[0], Number(rest[1]), Number(rest[2]), rest[3], transport);
} else {
  const words = process.argv.slice(2);
  const ways = WAYS.filter((way) => words.includes(way));
  const seconds = words.map(Number).find((number) => number > 0) ?? 2;
  const only = WS_MEASURES.map(({ id }) => id).filter((id) => words.includes(id));
  await measure(ways.length > 0 ? ways : WAYS, seconds, only);
}
