import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePort } from '../bench/rig.ts';
import { CulvertLab, exitCodeOf, HOST, makeKey, says, until } from '../support/culvert-process.ts';
import { expectKnown, sendKnown } from '../support/known-bytes.ts';
import { TcpRelay } from '../support/tcp-relay.ts';

let lab: CulvertLab;
beforeEach(() => {
  lab = new CulvertLab();
});
afterEach(() => lab.close());

function dial(port: number): Socket {
  return connect({ port, host: HOST, allowHalfOpen: true, noDelay: true });
}

/** Resolves when the socket is gone, with what an error said. */
function closed(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let said = 'in order';
    socket.on('error', (error) => {
      said = error.message;
    });
    socket.on('close', () => resolve(said));
  });
}

/** One text there and back. */
async function echoes(port: number, text: string): Promise<boolean> {
  const socket = dial(port);
  const answer = new Promise<string>((resolve) => {
    socket.on('data', (chunk: Buffer) => resolve(chunk.toString()));
  });
  socket.write(text);
  const got = await Promise.race([answer, closed(socket)]);
  socket.destroy();
  return got === text;
}

const CUTS = 20;
/** Relayed between two cuts at least. */
const BYTES_BETWEEN_CUTS = 2 << 20;

it(`loses no byte and no stream when the WebSocket is cut ${CUTS} times under load`, async () => {
  const streams = 5;
  const bytes = 16 << 20;
  const echo = await lab.tcp((socket) => socket.pipe(socket));
  const server = await lab.server();
  const relay = new TcpRelay(server.port);
  lab.onClose(() => relay.close());
  const local = await freePort();
  const client = await lab.client({ port: await relay.listen(), key: server.key }, [
    '-L',
    `${local}::${echo}`,
  ]);

  let finished = false;
  const transfers = Promise.all(
    Array.from({ length: streams }, async (_, seed) => {
      const socket = dial(local);
      await Promise.all([sendKnown(socket, seed, bytes), expectKnown(socket, seed, bytes)]);
    }),
  ).finally(() => {
    finished = true;
  });
  transfers.catch(() => {});
  let cuts = 0;
  let mark = relay.bytes;
  while (cuts < CUTS && !finished) {
    await until('data moves again', () => finished || relay.bytes - mark >= BYTES_BETWEEN_CUTS, 20_000);
    relay.cut(cuts % 2 === 0 ? 'reset' : 'end');
    mark = relay.bytes;
    cuts++;
  }
  await transfers;
  expect(cuts).toBe(CUTS);
  expect(relay.accepted).toBeGreaterThan(CUTS);
  expect(client.output).toMatch(/session resumed, nothing lost/);
  expect(client.output).not.toMatch(/no longer has the session/);
}, 60_000);

it('a server that restarts: open connections are reset, the listener stays, the next connection works', async () => {
  const echo = await lab.tcp((socket) => socket.pipe(socket));
  const { server, client, ports } = await lab.forward([echo]);
  const open = dial(ports[0]);
  open.write('before');
  await once(open, 'data');
  const cut = closed(open);
  server.process.signal('SIGKILL');
  await server.process.ended;
  await says(client, /disconnected: .*reconnecting, 1 connection/);
  await lab.server([], server.port, server.key);
  await says(client, /no longer has the session; its connections are reset/);
  expect(await cut).toMatch(/ECONNRESET/);
  expect(await echoes(ports[0], 'after')).toBe(true);
  expect(client.exited).toBeUndefined();
}, 30_000);

it('a server that stops in order is said to have, and found again', async () => {
  const echo = await lab.tcp((socket) => socket.pipe(socket));
  const { server, client, ports } = await lab.forward([echo]);
  server.process.signal('SIGTERM');
  expect(await exitCodeOf(server.process)).toBe(0);
  await says(client, /the peer ended the session/);
  await lab.server([], server.port, server.key);
  expect(await echoes(ports[0], 'again')).toBe(true);
}, 30_000);

it('a server that is not there yet: listens, says when it tries again, and serves those who wait', async () => {
  const echo = await lab.tcp((socket) => socket.pipe(socket));
  const [port, local, key] = [await freePort(), await freePort(), makeKey()];
  const client = await lab.client({ port, key }, ['-L', `${local}::${echo}`], false);
  const [said] = await says(client, /not connected: nothing listens at .*/);
  expect(said).toMatch(/next try in \d+\.\d s/);
  const early = echoes(local, 'early');
  await lab.server([], port, key);
  expect(await early).toBe(true);
}, 30_000);

it('fails those who wait longer than the dial timeout', async () => {
  const [port, local, key] = [await freePort(), await freePort(), makeKey()];
  await lab.client({ port, key }, ['-t', '1', '-L', `${local}::80`], false);
  expect(await echoes(local, 'x')).toBe(false);
}, 30_000);
