import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { EngineConfig } from '../../src-main/engine/config.ts';
import { until } from '../support/culvert-process.ts';
import { UdpRelay } from '../support/kcp/udp-relay.ts';
import { KnownBytes } from '../support/known-bytes.ts';
import { TcpRelay } from '../support/tcp-relay.ts';
import { exchangeBytes, startRig, type TunnelRig } from '../support/tunnel-rig.ts';

const PATH = { rate: 20_000, delay: 10, queueMs: 100, loss: 0.01, mtu: 1472 };

const STEP = 32 << 10;

const cleanups: Array<() => unknown> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** An echo, with TCP and UDP each through a relay of its own, and a client that may choose. */
async function start(
  tcpDelayMs: number,
  config: Partial<EngineConfig> = {},
): Promise<{ rig: TunnelRig; udp: UdpRelay; tcp: TcpRelay }> {
  const udp = new UdpRelay(0, PATH);
  cleanups.push(() => udp.close());
  const told = await udp.start();
  const relays: TcpRelay[] = [];
  const rig = await startRig({
    target: (socket) => void socket.pipe(socket),
    client: { transport: 'auto', config: { drainMs: 100, reprobeMinMs: 300, reprobeMaxMs: 600, ...config } },
    server: { udp: { host: '127.0.0.1', port: 0, told } },
    between: async (port) => {
      udp.target = port;
      const relay = new TcpRelay(port);
      relay.delayMs = tcpDelayMs;
      relays.push(relay);
      cleanups.push(() => relay.close());
      return `http://127.0.0.1:${await relay.listen()}/`;
    },
  });
  cleanups.push(() => rig.close());
  return { rig, udp, tcp: relays[0] };
}

function uses(rig: TunnelRig, transport: string): Promise<void> {
  return until(`connected by ${transport}`, () => {
    const { state, carrier } = rig.client.status();
    return state.kind === 'connected' && carrier?.transport === transport;
  });
}

/** Sends and gets back known bytes without end. `finish` sends no more, and resolves with both counts and what was wrong. */
function pour(socket: Socket): { finish: () => Promise<{ sent: number; received: number; wrong: number }> } {
  const [source, expected] = [new KnownBytes(1), new KnownBytes(1)];
  const counts = { sent: 0, received: 0, wrong: 0 };
  let over = false;
  const write = (): void => {
    while (!over) {
      counts.sent += STEP;
      if (!socket.write(source.next(STEP))) return;
    }
  };
  socket.on('drain', write);
  socket.on('data', (chunk: Buffer) => {
    counts.received += chunk.length;
    if (!chunk.equals(expected.next(chunk.length))) counts.wrong++;
  });
  write();
  return {
    finish: async () => {
      over = true;
      socket.end();
      await once(socket, 'end');
      return counts;
    },
  };
}

it('auto moves to KCP on a long path, to WebSocket when UDP is blocked, to HTTP when upgrades are, and back, with exact bytes under load', async () => {
  const { rig, udp, tcp } = await start(20, { throttleBytesPerSecond: 4 << 20 });
  await uses(rig, 'ws');
  const socket = connect({ port: rig.port, host: '127.0.0.1', allowHalfOpen: true });
  cleanups.push(() => socket.destroy());
  const load = pour(socket);
  await uses(rig, 'kcp');
  expect(rig.client.status().carrier?.why).toBe('better than WebSocket, which was in use');
  await until('it carries', () => udp.up.stats.bytes > 1 << 20);
  for (const way of [udp.up, udp.down]) way.options = { ...PATH, loss: 1 };
  await uses(rig, 'ws');
  tcp.refuseUpgrades = true;
  tcp.cut();
  await uses(rig, 'http');
  for (const way of [udp.up, udp.down]) way.options = PATH;
  await uses(rig, 'kcp');
  const { sent, received, wrong } = await load.finish();
  expect(sent).toBeGreaterThan(1 << 20);
  expect({ received, wrong }).toEqual({ received: sent, wrong: 0 });
  expect(rig.client.status()).toMatchObject({ state: { kind: 'connected' } });
  expect(rig.client.status().session?.resumes).toBeGreaterThanOrEqual(4);
}, 60_000);

it('auto stays with WebSocket on a short path', async () => {
  for (let left = 2; ; left--) {
    const { rig, udp } = await start(0);
    await uses(rig, 'ws');
    expect((await exchangeBytes(rig.port, Buffer.from('hello'))).toString()).toBe('hello');
    const paths = rig.client.status().paths.map(({ transport }) => transport);
    // A busy machine can make one handshake take as long as on a long path, not three.
    if (left > 0 && paths.includes('kcp')) continue;
    expect(paths).toEqual(['ws', 'http']);
    expect(udp.up.stats.datagrams).toBe(0);
    return;
  }
});
