import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, expect, it } from 'vitest';
import { CulvertLab, HOST, says } from '../support/culvert-process.ts';
import { expectKnown, sendKnown } from '../support/known-bytes.ts';

const lab = new CulvertLab();
afterAll(() => lab.close());

function dial(port: number): Socket {
  return connect({ port, host: HOST, allowHalfOpen: true, noDelay: true });
}

const MEBI = 1 << 20;

it('-T limits the rate each way, to within a quarter', async () => {
  const rate = 2 * MEBI;
  const bytes = 6 * MEBI;
  const source = await lab.tcp((socket) => void sendKnown(socket, 1, bytes).catch(() => {}));
  const sink = await lab.tcp((socket) => void expectKnown(socket, 2, bytes).then(() => socket.end('got it')));
  const { ports } = await lab.forward([source, sink], { client: ['-T', '2m'] });

  // What the window lets through at the beginning, before any credit is granted, is not limited.
  const head = 2 * MEBI;
  const down = async (): Promise<number> => {
    const socket = dial(ports[0]);
    let begun: { at: number; bytes: number } | undefined;
    socket.on('data', () => {
      if (socket.bytesRead >= head) begun ??= { at: performance.now(), bytes: socket.bytesRead };
    });
    await expectKnown(socket, 1, bytes);
    const ended = performance.now();
    socket.end();
    if (begun === undefined) throw new Error('nothing came');
    return ((bytes - begun.bytes) * 1000) / (ended - begun.at);
  };
  const up = async (): Promise<number> => {
    const socket = dial(ports[1]);
    const answer = once(socket, 'data');
    const begun = performance.now();
    await sendKnown(socket, 2, bytes);
    expect(String((await answer)[0])).toBe('got it');
    return (bytes * 1000) / (performance.now() - begun);
  };
  // One way after the other, as a rate of both together would hide which of them is limited.
  for (const action of [down, up]) {
    const measured = await action();
    expect(measured / rate).toBeGreaterThan(0.75);
    expect(measured / rate).toBeLessThan(1.25);
  }
}, 40_000);

it('-t closes an idle connection, and not one that is in use', async () => {
  const echo = await lab.tcp((socket) => socket.pipe(socket));
  const { ports } = await lab.forward([echo], { client: ['-t', '1'] });
  const [idle, used] = [dial(ports[0]), dial(ports[0])];
  for (const socket of [idle, used]) socket.on('error', () => {});
  idle.write('once');
  idle.resume();
  used.resume();
  const talking = setInterval(() => used.write('again'), 200);
  const started = performance.now();
  await once(idle, 'end');
  const lasted = performance.now() - started;
  expect(lasted).toBeGreaterThan(900);
  expect(lasted).toBeLessThan(6000);
  expect(used.destroyed).toBe(false);
  clearInterval(talking);
  used.destroy();
}, 30_000);

it('-W is taken on both sides, and what a reader does not read stays with the sender', async () => {
  const bytes = 16 * MEBI;
  const sockets: Socket[] = [];
  const source = await lab.tcp((socket) => {
    sockets.push(socket);
    void sendKnown(socket, 3, bytes).catch(() => {});
  });
  const small = ['-W', '65536'];
  const { ports } = await lab.forward([source], { server: small, client: small });
  const socket = dial(ports[0]);
  const [first] = await once(socket, 'readable');
  expect(first).toBeUndefined();
  // A stalled reader: the sender comes to rest. Two looks, a while apart, at what it could get rid of.
  let before = -1;
  let sent = 0;
  while (sent !== before) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 300));
    sent = sockets[0].bytesWritten - sockets[0].writableLength;
  }
  // The kernel's own buffers, four of them between here and there, take up to some megabytes.
  expect(sent).toBeLessThan(bytes);
  await expectKnown(socket, 3, bytes);
  socket.end();
}, 30_000);

it('-v prints the counters of each rule and connection every 5 s', async () => {
  const echo = await lab.tcp((socket) => socket.pipe(socket));
  const { server, client, ports } = await lab.forward([echo], { client: ['-v'], server: ['-v'] });
  const socket = dial(ports[0]);
  socket.write('x'.repeat(2048));
  await once(socket, 'data');
  await says(client, /statistics: connected for .*; 1 connection open; round trip /);
  await says(client, new RegExp(`127\\.0\\.0\\.1:${ports[0]} → .*: 1 open, 1 in all, 0 failed; 2 KiB up`));
  await says(client, new RegExp(`#\\d+ the server:${echo}: 2 KiB up \\(.*/s\\), 2 KiB down`));
  await says(server.process, /statistics: WebSocket from .*: 1 open, 1 in all; 2 KiB up/);
  socket.destroy();
}, 30_000);
