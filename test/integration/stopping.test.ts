import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { portAccepts } from '../bench/rig.ts';
import { CulvertLab, exitCodeOf, HOST, says, until } from '../support/culvert-process.ts';

let lab: CulvertLab;
beforeEach(() => {
  lab = new CulvertLab();
});
afterEach(() => lab.close());

const CHUNKS = 12;
const EVERY_MS = 100;

/** A target that says one word every 100 ms, `CHUNKS` of them. */
function slowTarget(): Promise<number> {
  return lab.tcp((socket) => {
    let said = 0;
    const timer = setInterval(() => {
      socket.write('word ');
      if (++said === CHUNKS) socket.end();
    }, EVERY_MS);
    socket.on('close', () => clearInterval(timer));
  });
}

describe.each(['client', 'server'] as const)('SIGTERM to the %s', (which) => {
  it('lets a transfer finish, takes nothing new, and exits with 0', async () => {
    const { server, client, ports } = await lab.forward([await slowTarget()]);
    const asked = which === 'client' ? client : server.process;
    const socket = connect({ port: ports[0], host: HOST });
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    const ended = once(socket, 'end');
    await once(socket, 'data');
    asked.signal('SIGTERM');
    await says(asked, /stopping: 1 open connection has up to 3 s to finish/);
    const listening = which === 'client' ? ports[0] : server.port;
    await until('it takes nothing new', async () => !(await portAccepts(listening)), 2000);
    await ended;
    expect(text).toBe('word '.repeat(CHUNKS));
    expect(await exitCodeOf(asked)).toBe(0);
  }, 30_000);

  it('twice stops at once', async () => {
    const silent = await lab.tcp((socket) => socket.write('hello'));
    const { server, client, ports } = await lab.forward([silent]);
    const asked = which === 'client' ? client : server.process;
    const socket = connect({ port: ports[0], host: HOST });
    socket.on('error', () => {});
    await once(socket, 'data');
    asked.signal('SIGINT');
    await says(asked, /ask again to stop at once/);
    const started = performance.now();
    asked.signal('SIGINT');
    expect(await exitCodeOf(asked)).toBe(0);
    // The drain would have taken 3 s.
    expect(performance.now() - started).toBeLessThan(2000);
  }, 30_000);
});

it('a connection that never ends does not keep it beyond the drain time', async () => {
  const silent = await lab.tcp((socket) => socket.write('hello'));
  const { client, ports } = await lab.forward([silent]);
  const socket = connect({ port: ports[0], host: HOST });
  socket.on('error', () => {});
  await once(socket, 'data');
  client.signal('SIGTERM');
  expect(await exitCodeOf(client, 10_000)).toBe(0);
}, 30_000);
