import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../bench/rig.ts';
import { CulvertLab, HOST, says } from '../support/culvert-process.ts';
import { pattern } from '../support/seeded.ts';

const BYTES = pattern(9, 0, 3_000_000);

/** Sends bytes to a port that echoes, ends its side, and reads until the other side has. */
async function echoed(port: number, bytes: Buffer): Promise<Buffer> {
  const socket = connect({ port, host: HOST, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = once(socket, 'end');
  for (let at = 0; at < bytes.length; at += 100_000) socket.write(bytes.subarray(at, at + 100_000));
  socket.end();
  await ended;
  socket.destroy();
  return Buffer.concat(chunks);
}

describe('an end that calls C and one that does not', () => {
  const lab = new CulvertLab();
  afterEach(() => lab.close());

  it.each([
    ['neither does', '0', '0', 'ws'],
    ['the server does not', '0', '1', 'ws'],
    ['the client does not', '1', '0', 'http'],
  ])('understand each other: %s', { timeout: 30_000 }, async (_what, there, here, transport) => {
    const target = await lab.tcp((socket) => socket.pipe(socket));
    const [port, local] = [await freePort(), await freePort()];
    const at = `${HOST}:${port}`;
    const key = ['-p', 'native-or-not-it-is-the-same'];
    await says(lab.run([at, ...key], { env: { CULVERT_NATIVE: there } }), /listening on/);
    const forward = ['--transport', transport, '-L', `${local}::${target}`, at, ...key];
    await says(lab.run(forward, { env: { CULVERT_NATIVE: here } }), /connected: /);
    for (const bytes of [BYTES, Buffer.from('a key pressed'), Buffer.alloc(0)]) {
      expect((await echoed(local, bytes)).equals(bytes)).toBe(true);
    }
  });
});
