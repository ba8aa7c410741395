import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { ClientOptions, DialerState, Forward, ServerOptions } from '../../src-main/engine/index.ts';
import { until } from '../support/culvert-process.ts';
import { expectKnown, sendKnown } from '../support/known-bytes.ts';
import { TcpRelay } from '../support/tcp-relay.ts';
import { startRig, type TunnelRig } from '../support/tunnel-rig.ts';
import { UdpProgram, udpEcho } from '../support/udp-programs.ts';

let rig: TunnelRig | undefined;
let relay: TcpRelay | undefined;
let states: DialerState[] = [];

afterEach(async () => {
  await rig?.close();
  relay?.close();
  rig = undefined;
  relay = undefined;
  states = [];
});

/** An echo behind a relay, with a client that may choose its transport. */
async function start(
  client: Partial<ClientOptions> = {},
  prepare: (relay: TcpRelay) => void = () => {},
  server: Partial<ServerOptions> = {},
): Promise<{ rig: TunnelRig; relay: TcpRelay }> {
  rig = await startRig({
    target: (socket) => void socket.pipe(socket),
    server,
    client: { transport: 'auto', onState: (state) => states.push(state), ...client },
    between: async (port) => {
      relay = new TcpRelay(port);
      prepare(relay);
      return `http://127.0.0.1:${await relay.listen()}/`;
    },
  });
  if (relay === undefined) throw new Error('no relay');
  await inUse(rig);
  return { rig, relay };
}

/** The transport in use, once there is one. */
async function inUse(of: TunnelRig, wanted?: string): Promise<void> {
  await until(`connected by ${wanted ?? 'anything'}`, () => {
    const { state, carrier } = of.client.status();
    return state.kind === 'connected' && (wanted === undefined || carrier?.transport === wanted);
  });
}

const dial = (port: number): Socket =>
  connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });

/** Sends a line on an open connection and waits for it to come back. */
async function says(socket: Socket, text: string): Promise<void> {
  socket.write(text);
  let got = '';
  while (got.length < text.length) got += String((await once(socket, 'data'))[0]);
  expect(got).toBe(text);
}

const reprobe = { reprobeMinMs: 300, reprobeMaxMs: 600 };

it('takes WebSocket where it works, and does not touch HTTP', async () => {
  const { rig, relay } = await start();
  const status = rig.client.status();
  expect(status.state).toMatchObject({ kind: 'connected', transport: 'ws', why: 'the first to answer' });
  expect(status.carrier?.rttMs).toBeGreaterThan(0);
  expect(status.paths.map(({ transport, state }) => `${transport} ${state}`)).toEqual(
    expect.arrayContaining(['ws inUse', 'http untried']),
  );
  expect(relay.accepted).toBe(1);
  const socket = dial(rig.port);
  await says(socket, 'hello');
  socket.destroy();
});

it('moves from WebSocket to HTTP when upgrades are refused, and back when they are not, with its streams', async () => {
  const { rig, relay } = await start({ config: { drainMs: 100, ...reprobe } }, (made) => {
    made.refuseUpgrades = true;
  });
  expect(rig.client.status().state).toMatchObject({
    transport: 'http',
    why: 'WebSocket did not get through',
  });
  expect(rig.client.status().paths).toContainEqual(
    expect.objectContaining({
      transport: 'ws',
      state: 'fails',
      error: expect.objectContaining({ code: 'ERR_BLOCKED' }),
    }),
  );
  const idle = dial(rig.port);
  await says(idle, 'over HTTP');
  const bytes = 24 << 20;
  const busy = dial(rig.port);
  const transfer = Promise.all([sendKnown(busy, 1, bytes), expectKnown(busy, 1, bytes)]);

  await until('it was tried again in vain', () => relay.refused >= 2);
  relay.refuseUpgrades = false;
  await inUse(rig, 'ws');
  expect(rig.client.status().carrier?.why).toBe('better than HTTP, which was in use');
  await says(idle, 'over WebSocket');

  relay.refuseUpgrades = true;
  relay.cut();
  await inUse(rig, 'http');
  await says(idle, 'over HTTP again');
  await transfer;
  expect(rig.client.status()).toMatchObject({ streams: 1, session: { resumes: expect.any(Number) } });
  expect(states.some(({ kind }) => kind === 'failed')).toBe(false);
  idle.destroy();
}, 30_000);

it('moves datagrams too: an association lives on over the other transport', async () => {
  const { program: target, port } = await udpEcho();
  const seen = new Set<number>();
  target.socket.on('message', (_message, from) => seen.add(from.port));
  const program = new UdpProgram();
  await program.bind();
  const bind = { host: '127.0.0.1', port: 0 };
  const forwards: Forward[] = [{ kind: 'udp', bind, target: { host: '127.0.0.1', port } }];
  const { rig, relay } = await start({ forwards });
  const echoOf = async (text: string): Promise<string> => {
    await program.send(Buffer.from(text), rig.port);
    return String((await program.next()).message);
  };
  try {
    expect(await echoOf('over WebSocket')).toBe('over WebSocket');
    relay.refuseUpgrades = true;
    relay.cut();
    await inUse(rig, 'http');
    expect(await echoOf('over HTTP')).toBe('over HTTP');
    // The target sees one peer: what it answers would not find a new one.
    expect(seen.size).toBe(1);
  } finally {
    target.close();
    program.close();
  }
}, 30_000);

it('a path that swallows everything is Degraded within 10 s, and left by itself', async () => {
  const { rig, relay } = await start();
  const socket = dial(rig.port);
  await says(socket, 'before');
  const began = performance.now();
  relay.blackHole();
  const answer = says(socket, 'into the black hole');
  await until('degraded', () => states.some(({ kind }) => kind === 'degraded'));
  expect(performance.now() - began).toBeLessThan(10_000);
  await answer;
  expect(states.at(-1)).toMatchObject({ kind: 'connected', resumed: true, why: 'WebSocket stalled' });
  expect(states.some(({ kind }) => kind === 'reconnecting')).toBe(false);
  socket.destroy();
}, 30_000);

it('a download that is swallowed is noticed too, though nothing waits here to be acknowledged', async () => {
  const { rig, relay } = await start();
  const socket = dial(rig.port);
  await says(socket, 'before');
  await until('all is acknowledged', () => relay.bytes > 0);
  relay.blackHole();
  await until('degraded', () => states.some(({ kind }) => kind === 'degraded'));
  await says(socket, 'after');
  socket.destroy();
}, 30_000);

it('a network that changed, as its host says: a carrier that died in silence is replaced at once', async () => {
  const { rig, relay } = await start();
  const socket = dial(rig.port);
  await says(socket, 'before');
  relay.blackHole();
  const began = performance.now();
  rig.client.networkChanged();
  await says(socket, 'after');
  // Without being told it is a matter of seconds.
  expect(performance.now() - began).toBeLessThan(2_500);
  expect(rig.client.status().state).toMatchObject({ kind: 'connected', resumed: true });
  socket.destroy();
}, 30_000);

it('a network that changed while there is none: waiting for it, and tried at once when it is back', async () => {
  const { rig, relay } = await start({
    config: { drainMs: 100, insistMs: 100, backoffMinMs: 60_000, backoffMaxMs: 60_000 },
  });
  const socket = dial(rig.port);
  await says(socket, 'before');
  relay.stopListening();
  relay.cut();
  rig.client.networkChanged(false);
  socket.write('while away');
  await until('waiting', () => states.at(-1)?.kind === 'waitingForNetwork');
  await relay.listen();
  rig.client.networkChanged(true);
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toBe('while away');
  socket.destroy();
}, 30_000);

it('an absence within what the server keeps costs no stream; a longer one resets them, and the next works', async () => {
  const server = { config: { detachedMs: 2_500, drainMs: 100 } };
  // One transport: a server learns at once that a WebSocket is gone, and only by its silence that HTTP's requests are.
  const { rig, relay } = await start({ transport: 'ws' }, undefined, server);
  const socket = dial(rig.port);
  await says(socket, 'before');
  const away = async (ms: number): Promise<void> => {
    relay.stopListening();
    relay.cut();
    await new Promise((resolve) => setTimeout(resolve, ms));
    await relay.listen();
  };
  await away(500);
  await says(socket, 'after a short absence');
  const reset = once(socket, 'error');
  await away(3_500);
  expect(String(await reset)).toMatch(/ECONNRESET/);
  const next = dial(rig.port);
  await says(next, 'the next one');
  next.destroy();
}, 30_000);

it('a server that restarts: streams are reset, listeners stay, the next connection works, over any transport', async () => {
  for (const transport of ['ws', 'http', 'auto'] as const) {
    const { rig, relay } = await start({ transport });
    const socket = dial(rig.port);
    await says(socket, 'before');
    const reset = once(socket, 'error');
    // Another server with the same key, which knows nothing of the session.
    relay.target = await rig.anotherServer();
    relay.cut();
    expect(String(await reset)).toMatch(/ECONNRESET/);
    const next = dial(rig.port);
    await says(next, 'after');
    next.destroy();
    await rig.close();
    relay.close();
  }
}, 40_000);
