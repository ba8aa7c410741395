import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { newDraft } from '../../src-shared/profile.ts';
import { freePort, temporaryFolder } from '../bench/rig.ts';
import { CulvertLab, HOST, type ServerProcess, says } from '../support/culvert-process.ts';
import { engineThread, type HostClient, HostRig, stateUntil } from '../support/host-rig.ts';
import { HostileProxy } from '../support/hostile-proxy.ts';

/** Longest body that passes the proxy: what each client has to find out, unless it was kept. */
const MAX_BODY = 60_000;
/** Whole processes start here, and the machine may be busy. */
const PATIENCE_MS = 60_000;
const UPLOAD = Buffer.alloc(700_000, 'x');

let lab = new CulvertLab();
const closers: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await lab.close();
  lab = new CulvertLab();
});

/** A site that counts what it gets, a server, and a proxy before it that refuses long bodies. */
async function surroundings(): Promise<{
  site: number;
  server: ServerProcess;
  proxy: HostileProxy;
  port: number;
}> {
  const site = await lab.listen(
    createServer((request, response) => {
      let bytes = 0;
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      request.on('end', () => response.end(String(bytes)));
    }),
  );
  const server = await lab.server();
  const proxy = new HostileProxy(1, { maxBody: MAX_BODY });
  closers.push(() => proxy.close());
  return { site, server, proxy, port: await proxy.start(server.port) };
}

/** On a connection of its own, which ends with it: a client that stops waits for open ones. */
function upload(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: HOST, port, method: 'POST', agent: false }, async (answer) => {
      let text = '';
      for await (const chunk of answer) text += chunk;
      resolve(text);
    });
    asked.on('error', reject);
    asked.end(UPLOAD);
  });
}

it(
  'the command line keeps what it learnt, and begins with it',
  async () => {
    const { site, server, proxy, port } = await surroundings();
    const file = join(lab.stateFolder, 'culvert', 'cli-paths.json');
    const run = async (...extra: string[]): Promise<string> => {
      const local = await freePort();
      const client = lab.run([...extra, '-L', `${local}::${site}`, `${HOST}:${port}`, '-p', server.key]);
      await says(client, /connected: HTTP/, PATIENCE_MS);
      expect(await upload(local)).toBe(String(UPLOAD.length));
      client.signal('SIGTERM');
      await client.ended;
      return client.output;
    };
    expect(existsSync(file)).toBe(false);
    await run();
    expect(proxy.counts.tooLarge).toBeGreaterThan(0);
    const [memory] = Object.values<{ bodyLimit: number }>(JSON.parse(readFileSync(file, 'utf8')).paths);
    expect(memory.bodyLimit).toBeLessThanOrEqual(MAX_BODY);

    proxy.counts.tooLarge = 0;
    await run();
    expect(proxy.counts.tooLarge).toBe(0);

    // What cannot be read is put aside, said once, and found out again.
    writeFileSync(file, 'no JSON');
    expect((await run('-v')).match(/could not be read/g)).toHaveLength(1);
    expect(proxy.counts.tooLarge).toBeGreaterThan(0);
    expect(Object.keys(JSON.parse(readFileSync(file, 'utf8')).paths)).toHaveLength(1);
  },
  2 * PATIENCE_MS,
);

/** The local port of the profile's rule, once it is connected. */
async function listening(client: HostClient, id: string): Promise<number> {
  const { statuses } = await stateUntil(
    client,
    ({ statuses: { [id]: status } }) => {
      const [listener] = Object.values(status?.listeners ?? {});
      return status?.connection.kind === 'connected' && listener?.kind === 'listening';
    },
    PATIENCE_MS,
  );
  const [listener] = Object.values(statuses[id].listeners);
  return listener.kind === 'listening' ? listener.port : 0;
}

it(
  'the app keeps it in its folder, and hands it to an engine that starts again',
  async () => {
    const { site, server, proxy, port } = await surroundings();
    const folder = temporaryFolder();
    closers.push(async () => folder.remove());
    const draft = newDraft({
      server: { scheme: 'http', host: HOST, port, path: '/' },
      transport: 'http',
      connectAtStart: true,
      secrets: { key: { kind: 'set', text: server.key }, proxyPassword: { kind: 'keep' } },
      rules: [
        {
          kind: 'static',
          name: '',
          enabled: true,
          bind: { host: HOST, port: 0 },
          target: { host: '', port: site },
        },
      ],
    });
    const first = new HostRig({ directory: folder.path, startEngine: engineThread });
    let client = first.overPort();
    const { id } = await client.profiles.create({ draft });
    await client.profiles.connect({ ids: [id] });
    expect(await upload(await listening(client, id))).toBe(String(UPLOAD.length));
    expect(proxy.counts.tooLarge).toBeGreaterThan(0);
    await first.close();
    expect(existsSync(join(folder.path, 'paths.json'))).toBe(true);

    proxy.counts.tooLarge = 0;
    const second = new HostRig({ directory: folder.path, startEngine: engineThread });
    closers.push(() => second.close());
    client = second.overPort();
    expect(await upload(await listening(client, id))).toBe(String(UPLOAD.length));
    await second.host.engine.crash();
    await stateUntil(
      client,
      ({ statuses }) => statuses[id].lastFailure?.failure.code === 'ERR_ENGINE_LOST',
      PATIENCE_MS,
    );
    expect(await upload(await listening(client, id))).toBe(String(UPLOAD.length));
    expect(proxy.counts.tooLarge).toBe(0);
  },
  2 * PATIENCE_MS,
);
