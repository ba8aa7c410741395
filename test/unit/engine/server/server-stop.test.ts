import { beforeAll, expect, it } from 'vitest';
import { generateKey, parseKey, type UserKey } from '../../../../src-main/engine/crypto/keys.ts';
import { Server } from '../../../../src-main/engine/server/server.ts';
import { freePort } from '../../../bench/rig.ts';

let key: UserKey;
beforeAll(async () => {
  key = await parseKey(generateKey());
});

// A name is looked up first, during which there is nothing yet to close.
it.each([
  ['127.0.0.1', false],
  ['localhost', false],
  ['127.0.0.1', true],
])(
  'a server at %s that is closed before it has started says so and frees its ports (KCP: %s)',
  async (host, kcp) => {
    const port = await freePort();
    const make = (at: string): Server =>
      new Server({ listen: { host: at, port }, udp: kcp ? { host: at, port } : undefined, users: [key] });
    const server = make(host);
    const started = server.start();
    const closed = server.close();
    await expect(started).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await closed;
    const next = make('127.0.0.1');
    await next.start();
    await next.close();
  },
);

it('a server that is closed while it opens its UDP port frees both', async () => {
  const port = await freePort();
  const make = (): Server =>
    new Server({ listen: { host: '127.0.0.1', port }, udp: { host: 'localhost', port }, users: [key] });
  const server = make();
  const started = server.start();
  // The TCP port is open by then, and the name of the other is being looked up.
  await new Promise((resolve) => setImmediate(resolve));
  const closed = server.close();
  await expect(started).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  await closed;
  const next = make();
  await next.start();
  await next.close();
});
