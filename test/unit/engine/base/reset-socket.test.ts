import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { resetSocket } from '../../../../src-main/engine/base/reset-socket.ts';
import { listenOn } from '../../../support/tunnel-rig.ts';

const closers: Array<() => void> = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A connection whose far end sends without end. */
async function endlessSource(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer({ allowHalfOpen: true });
  closers.push(() => server.close());
  const port = await listenOn(server);
  const accepted = once(server, 'connection');
  const near = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  near.on('error', () => {});
  const [far] = (await accepted) as [Socket];
  const chunk = Buffer.alloc(64 << 10);
  const fill = (): void => {
    while (!far.destroyed && far.write(chunk));
  };
  far.on('drain', fill);
  far.on('error', () => {});
  closers.push(() => far.destroy());
  fill();
  return { near, far };
}

describe('resetSocket', () => {
  it.each(['open', 'ending', 'ended'])('cuts a connection that is %s', { timeout: 5000 }, async (state) => {
    const { near, far } = await endlessSource();
    near.resume();
    await once(near, 'data');
    if (state === 'ending') near.end();
    if (state === 'ended') {
      near.end();
      far.resume();
      await once(far, 'end');
    }
    resetSocket(near);
    resetSocket(near);
    // Not `once`, which an error before it would reject.
    await new Promise((resolve) => far.on('close', resolve));
    expect(near.destroyed).toBe(true);
  });
});
