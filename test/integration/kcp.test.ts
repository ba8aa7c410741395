import { createHash } from 'node:crypto';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Client, type DialerState, generateKey, parseKey, Server } from '../../src-main/engine/index.ts';
import { type Mischief, UdpRelay } from '../support/kcp/udp-relay.ts';
import { expectKnown, KnownBytes, sendKnown } from '../support/known-bytes.ts';
import { exchangeBytes, type RigOptions, startRig, type TunnelRig } from '../support/tunnel-rig.ts';

const UDP = { udp: { host: '127.0.0.1', port: 0 } };
const cleanups: Array<() => unknown> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function rigWith(options: Partial<RigOptions> = {}): Promise<TunnelRig> {
  const rig = await startRig({
    target: (socket) => socket.pipe(socket),
    client: { transport: 'kcp' },
    server: UDP,
    ...options,
  });
  cleanups.push(() => rig.close());
  return rig;
}

/** A rig whose client reaches the server through a relay. */
async function rigThrough(up: Mischief, down?: Mischief): Promise<{ rig: TunnelRig; relay: UdpRelay }> {
  const relays: UdpRelay[] = [];
  const rig = await rigWith({
    between: async (port) => {
      const relay = new UdpRelay(port, up, down);
      relays.push(relay);
      cleanups.push(() => relay.close());
      return `http://127.0.0.1:${await relay.start()}/`;
    },
  });
  return { rig, relay: relays[0] };
}

const sum = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const FAST: Mischief = { rate: 50_000, delay: 2, queueMs: 50, loss: 0 };

describe('a session over UDP', () => {
  it('carries bytes both ways, exactly, and says where from', async () => {
    const rig = await rigWith();
    const bytes = new KnownBytes(1).next(12 << 20);
    expect(sum(await exchangeBytes(rig.port, bytes))).toBe(sum(bytes));
    expect(rig.server.sessions()[0].from).toMatch(/^KCP from 127\.0\.0\.1:\d+$/);
  });

  it('is exact where datagrams are lost, doubled, turned, cut and overtaken', async () => {
    const hostile = { ...FAST, loss: 0.05, duplicate: 0.05, mutate: 0.03, truncate: 0.02, reorder: 0.03 };
    const { rig, relay } = await rigThrough(hostile);
    const bytes = new KnownBytes(2).next(2 << 20);
    const four = await Promise.all([1, 2, 3, 4].map(() => exchangeBytes(rig.port, bytes)));
    for (const back of four) expect(sum(back)).toBe(sum(bytes));
    expect(relay.up.stats.lost + relay.down.stats.lost).toBeGreaterThan(20);
  });

  it('goes on when its address changes under load, without a carrier for each', async () => {
    const { rig, relay } = await rigThrough(FAST);
    const socket = connect(rig.port, '127.0.0.1');
    cleanups.push(() => socket.destroy());
    const done = expectKnown(socket, 7, 6 << 20);
    void sendKnown(socket, 7, 6 << 20);
    for (let i = 0; i < 4; i++) {
      const before = rig.server.sessions()[0]?.from;
      relay.rebind();
      await expect.poll(() => rig.server.sessions()[0]?.from, { timeout: 5000 }).not.toBe(before);
    }
    await done;
    // Four changes, and at most one further carrier: a machine that is busy elsewhere makes a path look dead for once.
    expect(rig.server.sessions()[0].resumes).toBeLessThanOrEqual(1);
  });
});

describe('the server', () => {
  it('that restarted tells a client that the session is gone, which begins another', async () => {
    const key = await parseKey(generateKey());
    const config = { drainMs: 50, backoffMaxMs: 500 };
    const serve = async (port: number): Promise<{ server: Server; port: number }> => {
      const server = new Server({ listen: { host: '127.0.0.1', port }, ...UDP, users: [key], config });
      cleanups.push(() => server.close());
      return { server, port: (await server.start()).port };
    };
    const first = await serve(0);
    const states: DialerState[] = [];
    const client = new Client({
      server: new URL(`http://127.0.0.1:${first.port}/`),
      key,
      transport: 'kcp',
      forwards: [],
      config,
      onState: (state) => states.push(state),
    });
    cleanups.push(() => client.destroy());
    await client.start();
    await expect.poll(() => states.at(-1)?.kind).toBe('connected');
    const session = client.status().session;
    // Without a word, as when it is killed.
    const gone = first.server as unknown as { kcp: { listener: { socket: UdpSocket } } };
    gone.kcp.listener.socket.removeAllListeners('message');
    await first.server.close();
    const second = await serve(first.port);
    await expect.poll(() => second.server.sessions().length, { timeout: 25_000 }).toBe(1);
    expect(client.status().session).not.toBe(session);
  }, 40_000);

  it('says that the UDP port is taken, and leaves the TCP port', async () => {
    const taken = createSocket('udp4');
    cleanups.push(() => taken.close());
    await new Promise<void>((resolve) => taken.bind(0, '127.0.0.1', resolve));
    const { port } = taken.address();
    const key = await parseKey(generateKey());
    const listen = { host: '127.0.0.1', port: 0 };
    const server = new Server({ listen, udp: { host: '127.0.0.1', port }, users: [key] });
    await expect(server.start()).rejects.toMatchObject({
      code: 'ERR_PORT_IN_USE',
      message: expect.stringContaining(`UDP port ${port} on 127.0.0.1 is taken by `),
    });
  });
});

describe('without an answer', () => {
  it('a client says within 5 s that UDP does not get through', async () => {
    const { rig } = await rigThrough({ ...FAST, loss: 1 });
    const begun = performance.now();
    const text = (): string => rig.log.map((entry) => entry.text).join('\n');
    await expect.poll(text, { timeout: 8000 }).toMatch(/no answer over UDP .*blocked.* or use -w/);
    expect(performance.now() - begun).toBeLessThan(5500);
  });

  it('a port at which nothing listens is said at once', async () => {
    const rig = await rigWith({ between: async () => 'http://127.0.0.1:1/' });
    await expect
      .poll(() => rig.log.map((entry) => entry.text).join('\n'))
      .toMatch(/nothing listens at 127\.0\.0\.1:1/);
  });
});

describe('whoever has no key', () => {
  async function probe(port: number): Promise<{ socket: UdpSocket; answers: Buffer[] }> {
    const socket = createSocket('udp4');
    cleanups.push(() => socket.close());
    const answers: Buffer[] = [];
    socket.on('message', (answer) => answers.push(answer));
    socket.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return { socket, answers };
  }

  it('gets silence: noise, recorded datagrams, cut and turned ones', async () => {
    const relays: UdpRelay[] = [];
    const recorded: Buffer[] = [];
    const rig = await rigWith({
      between: async (port) => {
        const relay = new UdpRelay(port, FAST);
        relay.onUp = (datagram) => recorded.push(Buffer.from(datagram));
        relays.push(relay);
        cleanups.push(() => relay.close());
        return `http://127.0.0.1:${await relay.start()}/`;
      },
    });
    expect((await exchangeBytes(rig.port, Buffer.from('hello'))).toString()).toBe('hello');
    const { socket, answers } = await probe(rig.serverPort);
    const known = new KnownBytes(4);
    const from = rig.server.sessions()[0].from;
    for (const datagram of [...recorded]) {
      socket.send(datagram);
      socket.send(datagram.subarray(0, datagram.length - 1));
      const turned = Buffer.from(datagram);
      turned[40 % turned.length] ^= 1;
      socket.send(turned);
      socket.send(known.next(datagram.length));
    }
    // The session works on, at the address it had, and nobody else heard anything.
    expect((await exchangeBytes(rig.port, Buffer.from('again'))).toString()).toBe('again');
    expect(rig.server.sessions()[0].from).toBe(from);
    expect(answers).toEqual([]);
    // Nor when the carrier to which they belong is gone.
    rig.client.destroy();
    await expect.poll(() => rig.server.sessions().length).toBe(0);
    for (const datagram of recorded) socket.send(datagram);
    const { socket: last, answers: none } = await probe(rig.serverPort);
    last.send(recorded[0]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([...answers, ...none]).toEqual([]);
  });
});
