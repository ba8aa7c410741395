import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { freePort } from '../bench/rig.ts';
import { CulvertLab, HOST } from '../support/culvert-process.ts';
import { BIG, BIG_BYTES, BIG_SHA256, startNodeCover, type TestCover } from '../support/web-covers.ts';

const lab = new CulvertLab();
afterAll(() => lab.close());

describe('the cover site behind a real server', () => {
  let cover: TestCover;
  let port = 0;
  let tunnel = 0;
  let client: Awaited<ReturnType<CulvertLab['client']>>;

  beforeAll(async () => {
    cover = await startNodeCover();
    lab.onClose(() => cover.close());
    const server = await lab.server(['-P', cover.url]);
    port = server.port;
    tunnel = await freePort();
    client = await lab.client(server, ['-L', `${tunnel}::${cover.port}`]);
  }, 30_000);

  /** Posts 30 MB; gives the hash of what comes back. */
  async function postBig(to: number): Promise<{ status: number | undefined; bytes: number; sha256: string }> {
    const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': BIG_BYTES };
    const post = request({ host: HOST, port: to, method: 'POST', path: '/echo', headers });
    const answered = once(post, 'response');
    post.end(BIG);
    const [response] = await answered;
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of response) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    return { status: response.statusCode, bytes, sha256: hash.digest('hex') };
  }

  it('gets a 30 MB POST unchanged, and its answer comes back unchanged', async () => {
    expect(await postBig(port)).toEqual({ status: 200, bytes: BIG_BYTES, sha256: BIG_SHA256 });
  }, 30_000);

  it('gets a WebSocket, with messages of every size', async () => {
    const socket = new WebSocket(`ws://${HOST}:${port}/ws`, { perMessageDeflate: false });
    await once(socket, 'open');
    for (const size of [0, 1, 125, 126, 65_535, 65_536, 900_000]) {
      const message = BIG.subarray(size, 2 * size);
      socket.send(message);
      const [back, isBinary] = await once(socket, 'message');
      expect(isBinary).toBe(true);
      expect(message.equals(back)).toBe(true);
    }
    socket.send('text');
    expect((await once(socket, 'message'))[1]).toBe(false);
    socket.close();
    await once(socket, 'close');
  });

  it('and the tunnel works beside it', async () => {
    const [through, beside] = await Promise.all([postBig(tunnel), postBig(port)]);
    expect([through.sha256, beside.sha256]).toEqual([BIG_SHA256, BIG_SHA256]);
    expect(client.output).not.toMatch(/disconnected/);
  }, 30_000);
});
