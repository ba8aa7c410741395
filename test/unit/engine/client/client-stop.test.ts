import { connect } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../../../src-main/engine/client/client.ts';
import type { Forward } from '../../../../src-main/engine/client/rule.ts';
import { TcpListener } from '../../../../src-main/engine/client/tcp-listener.ts';
import { generateKey, parseKey, type UserKey } from '../../../../src-main/engine/crypto/keys.ts';
import { freePort } from '../../../bench/rig.ts';

let key: UserKey;
beforeAll(async () => {
  key = await parseKey(generateKey());
});
const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});

/** A client whose server is never there. */
function make(forwards: readonly Forward[]): Client {
  const client = new Client({ server: new URL('http://127.0.0.1:1/'), key, forwards });
  clients.push(client);
  return client;
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

describe('a client that is stopped before it has started', () => {
  // A name is looked up first, during which there is nothing yet to close.
  it.each([
    ['static', '127.0.0.1'],
    ['static', 'localhost'],
    ['dynamic', '127.0.0.1'],
    ['dynamic', 'localhost'],
    ['udp', '127.0.0.1'],
    ['udp', 'localhost'],
  ] as const)('%s at %s: says so, does not listen and does not dial', async (kind, host) => {
    const bind = { host, port: await freePort() };
    const client = make([
      kind === 'dynamic' ? { kind, bind } : { kind, bind, target: { host: '', port: 9 } },
    ]);
    const started = client.start();
    client.destroy();
    await expect(started).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    expect(client.status().state.kind).toBe('stopped');
    expect(await listens(bind.port)).toBe(false);
  });

  it('takes no further forward, neither after nor while it is added', async () => {
    const client = make([]);
    await client.start();
    const port = await freePort();
    const adding = client.addForward({ kind: 'dynamic', bind: { host: 'localhost', port } });
    client.destroy();
    const late = client.addForward({ kind: 'dynamic', bind: { host: '127.0.0.1', port } });
    const ends = await Promise.allSettled([adding, late]);
    expect(ends).toMatchObject(Array(2).fill({ status: 'rejected', reason: { code: 'ERR_CLOSED' } }));
    expect(await listens(port)).toBe(false);
  });
});

it('a listener survives a connection that the system could not hand over', async () => {
  const listener = new TcpListener((socket) => socket.end());
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  Reflect.get(listener, 'server').emit('error', new Error('accept EMFILE'));
  expect(await listens(port)).toBe(true);
  listener.destroy();
});
