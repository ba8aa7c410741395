import { connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { until } from '../support/culvert-process.ts';
import { UdpRelay } from '../support/kcp/udp-relay.ts';
import { expectKnown, sendKnown } from '../support/known-bytes.ts';
import { TcpRelay } from '../support/tcp-relay.ts';
import { exchangeBytes, startRig, type TunnelRig } from '../support/tunnel-rig.ts';

const PATH = { rate: 20_000, delay: 10, queueMs: 100, loss: 0.01, mtu: 1472 };

const cleanups: Array<() => unknown> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** An echo, with TCP and UDP each through a relay of its own, and a client that may choose. */
async function start(tcpDelayMs: number): Promise<{ rig: TunnelRig; udp: UdpRelay; tcp: TcpRelay }> {
  const udp = new UdpRelay(0, PATH);
  cleanups.push(() => udp.close());
  const told = await udp.start();
  const relays: TcpRelay[] = [];
  const rig = await startRig({
    target: (socket) => void socket.pipe(socket),
    client: { transport: 'auto', config: { drainMs: 100, reprobeMinMs: 300, reprobeMaxMs: 600 } },
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

it('auto moves to KCP on a long path, and off it when UDP is blocked, with exact bytes under load', async () => {
  const { rig, udp } = await start(20);
  await uses(rig, 'ws');
  const bytes = 24 << 20;
  const socket = connect({ port: rig.port, host: '127.0.0.1', allowHalfOpen: true });
  cleanups.push(() => socket.destroy());
  const transfer = Promise.all([sendKnown(socket, 1, bytes), expectKnown(socket, 1, bytes)]);
  await uses(rig, 'kcp');
  expect(rig.client.status().carrier?.why).toBe('better than WebSocket, which was in use');
  await until('it carries', () => udp.up.stats.bytes > 1 << 20);
  for (const way of [udp.up, udp.down]) way.options = { ...PATH, loss: 1 };
  await uses(rig, 'ws');
  for (const way of [udp.up, udp.down]) way.options = PATH;
  await uses(rig, 'kcp');
  await transfer;
  expect(rig.client.status().session?.resumes).toBeGreaterThanOrEqual(3);
}, 60_000);

it('auto stays with WebSocket on a short path', async () => {
  const { rig, udp } = await start(0);
  await uses(rig, 'ws');
  expect((await exchangeBytes(rig.port, Buffer.from('hello'))).toString()).toBe('hello');
  expect(rig.client.status().paths.map(({ transport }) => transport)).toEqual(['ws', 'http']);
  expect(udp.up.stats.datagrams).toBe(0);
});
