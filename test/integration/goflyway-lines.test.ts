import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, temporaryFolder } from '../bench/rig.ts';
import { CulvertLab, HOST, says } from '../support/culvert-process.ts';

const lab = new CulvertLab();
const folder = temporaryFolder();
lab.onClose(() => folder.remove());
afterAll(() => lab.close());

let origin = 0;
let server: number;
beforeAll(async () => {
  origin = await lab.listen(createServer((request, response) => response.end(`you asked ${request.url}`)));
  server = await freePort();
  await says(lab.run(words(`:${server} -p password`)), /listening on/);
}, 30_000);

const words = (line: string): string[] => line.split(' ');

async function get(port: number): Promise<string> {
  return (await fetch(`http://${HOST}:${port}/page`)).text();
}

/** Through a dynamic port; the server resolves the name. */
function getThrough(port: number): Promise<string> {
  const args = ['-q', '-sS', '--max-time', '15', '-x', `socks5h://${HOST}:${port}`];
  return new Promise((resolve) => {
    execFile(
      'curl',
      [...args, `http://localhost:${origin}/page`],
      { env: { PATH: process.env.PATH } },
      (error, out) => resolve(error === null ? out : String(error)),
    );
  });
}

describe("goflyway's lines as written, with other ports", () => {
  it('-L 1080::1080 server:80 -p password', async () => {
    const local = await freePort();
    const client = lab.run(words(`-L ${local}::${origin} localhost:${server} -p password`));
    await says(client, new RegExp(`listening on 127\\.0\\.0\\.1:${local} -> localhost:${origin}`));
    await says(client, /connected: HTTP to localhost/);
    expect(await get(local)).toBe('you asked /page');
  });

  it('-w -L 1080:server2:1080 server:80 -p password', async () => {
    const local = await freePort();
    const client = lab.run(words(`-w -L ${local}:localhost:${origin} localhost:${server} -p password`));
    await says(client, /connected: WebSocket to localhost/);
    expect(await get(local)).toBe('you asked /page');
  });

  it('--transport auto -L 1080:server2:1080 server:80 -p password', async () => {
    const local = await freePort();
    const line = `--transport auto -L ${local}:localhost:${origin} localhost:${server} -p password`;
    const client = lab.run(words(line));
    await says(client, /connected: WebSocket to localhost:\d+; the first to answer/);
    expect(await get(local)).toBe('you asked /page');
  });

  it('-D 1080 server:80 -p password', async () => {
    const local = await freePort();
    await says(lab.run(words(`-D ${local} localhost:${server} -p password`)), /connected/);
    expect(await getThrough(local)).toBe('you asked /page');
  });

  it('-k testkey -w :8100, and -k testkey -w -L :1080 -D 127.0.0.1:8100', async () => {
    const [port, local] = [await freePort(), await freePort()];
    await says(lab.run(words(`-k testkey -w :${port}`)), /listening on \*/);
    const client = lab.run(words(`-k testkey -w -L :${local} -D 127.0.0.1:${port}`));
    await says(client, /read as goflyway does: a dynamic port/);
    await says(client, /connected/);
    expect(await getThrough(local)).toBe('you asked /page');
  });

  it(':80 -P http://127.0.0.1:8080 and :80 -P directory: site and tunnel on one port', async () => {
    const site = join(folder.path, 'www');
    mkdirSync(site);
    writeFileSync(join(site, 'page'), 'a file');
    for (const [cover, page] of [
      [`http://127.0.0.1:${origin}`, 'you asked /page'],
      [site, 'a file'],
    ]) {
      const [port, local] = [await freePort(), await freePort()];
      await says(lab.run(words(`:${port} -P ${cover} -p password`)), /without the key one sees/);
      expect(await get(port)).toBe(page);
      await says(lab.run(words(`-w -L ${local}::${origin} ${HOST}:${port} -p password`)), /connected/);
      expect(await get(local)).toBe('you asked /page');
    }
  }, 30_000);
});

describe('other ways to say it', () => {
  it('a server without a key prints the client line to use with it', async () => {
    const port = await freePort();
    const [, line] = await says(lab.run([`${HOST}:${port}`]), /^ +culvert (-D 1080 .*)$/m);
    const local = await freePort();
    await says(lab.run(words(line.replace('1080', String(local)))), /connected/);
    expect(await getThrough(local)).toBe('you asked /page');
  });

  it('CULVERT_KEY', async () => {
    const local = await freePort();
    const env = { CULVERT_KEY: 'password' };
    await says(lab.run(words(`-w -L ${local}::${origin} ${HOST}:${server}`), { env }), /connected/);
    expect(await get(local)).toBe('you asked /page');
  });

  it("a config file in goflyway's form, and a key file", async () => {
    const [one, two] = [await freePort(), await freePort()];
    const config = join(folder.path, 'client.json');
    const shape = { server: HOST, server_port: server, password: 'password', local: [`${one}::${origin}`] };
    writeFileSync(config, JSON.stringify(shape));
    const key = join(folder.path, 'key');
    writeFileSync(key, 'password\n');
    await says(lab.run(['-c', config]), /connected/);
    await says(lab.run(words(`-w -L ${two}::${origin} ${HOST}:${server} --key-file ${key}`)), /connected/);
    expect([await get(one), await get(two)]).toEqual(['you asked /page', 'you asked /page']);
  });

  it('a URL with a path, extra headers, and IPv6', async () => {
    const [port, local] = [await freePort(), await freePort()];
    await says(lab.run(words(`[::1]:${port} -p password`)), /listening on \[::1\]/);
    const line = `-L ${local}::${origin} ws://[::1]:${port}/assets -H X-One=1 -p password`;
    await says(lab.run([...words(line), '-H', 'Cookie: a=b']), /connected/);
    expect(await get(local)).toBe('you asked /page');
  });
});
