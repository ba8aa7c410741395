import { once } from 'node:events';
import * as net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flightCookie } from '../../src-main/engine/carrier/flight-cookie.ts';
import { Client } from '../../src-main/engine/client/client.ts';
import { generateKey, parseKey, type UserKey } from '../../src-main/engine/crypto/keys.ts';
import { NoiseInitiator } from '../../src-main/engine/crypto/noise.ts';
import type { CoverSpec } from '../../src-main/engine/server/cover.ts';
import { Server } from '../../src-main/engine/server/server.ts';
import { ClientFlight } from '../../src-main/engine/session/client-flight.ts';
import { encodeClientHello, PROLOGUE } from '../../src-main/engine/wire/hello.ts';
import { Seeded } from '../support/seeded.ts';
import { exchange, undated } from '../support/web-client.ts';
import { listening, type NodeCover, startNodeCover } from '../support/web-covers.ts';

/** Probes at a time: enough to be quick, few enough to be fair. */
const AT_ONCE = 16;
const BUILT_IN = 'the built-in site';

let key: UserKey;
let cover: NodeCover;
beforeAll(async () => {
  key = await parseKey(generateKey());
  cover = await startNodeCover();
});
afterAll(() => cover.close());

async function startServer(
  users: readonly UserKey[],
  spec: CoverSpec,
): Promise<{ server: Server; port: number }> {
  const server = new Server({
    listen: { host: '127.0.0.1', port: 0 },
    users,
    cover: spec,
    config: { drainMs: 0 },
  });
  const { port } = await server.start();
  return { server, port };
}

/** An upgrade as the client makes it, with any cookie. `Connection: close` where the site would otherwise wait. */
const upgrade = (cookie: string): string =>
  `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
  `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nUser-Agent: x\r\nCookie: ${cookie}\r\n\r\n`;
const upgradeWith = (flight: Buffer): string => upgrade(flightCookie(flight));

/** One answer to the bytes, as far as it goes within the end of the client's side. */
async function answerOf(port: number, bytes: Buffer | string): Promise<{ text: string; ms: number }> {
  const { text, end, ms } = await exchange(port, [bytes, 'FIN']);
  return { text: `${undated(text)}<${end}>`, ms };
}

/** Asks both for the same, for each of the probes; gives those that were answered differently. */
async function differences(
  port: number,
  reference: number,
  probes: readonly (Buffer | string)[],
): Promise<string[]> {
  const found: string[] = [];
  const rest = [...probes.entries()];
  let answered = 0;
  const work = async (): Promise<void> => {
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      const [index, probe] = next;
      const [got, wanted] = await Promise.all([answerOf(port, probe), answerOf(reference, probe)]);
      if (wanted.text.startsWith('HTTP/1.1 4')) answered++;
      if (got.text !== wanted.text) found.push(`probe ${index}: ${got.text} instead of ${wanted.text}`);
      if (got.text.startsWith('HTTP/1.1 101')) found.push(`probe ${index} was taken for a flight`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  // Two servers that say nothing would agree, too.
  if (answered < probes.length / 2) found.push(`the site answered ${answered} of ${probes.length} probes`);
  return found;
}

/** A relay that keeps what passes to the server. */
async function startRelay(to: number): Promise<{ port: number; seen: Buffer[]; cut(): void; close(): void }> {
  const seen: Buffer[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer((near) => {
    const far = net.connect(to, '127.0.0.1');
    const index = seen.push(Buffer.alloc(0)) - 1;
    near.on('data', (chunk: Buffer) => {
      seen[index] = Buffer.concat([seen[index], chunk]);
      far.write(chunk);
    });
    far.on('data', (chunk) => near.write(chunk));
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
  });
  const port = await listening(server);
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    seen,
    cut,
    close: () => {
      cut();
      server.close();
    },
  };
}

interface Captured {
  /** The whole upgrade request of a new session, and of a further carrier of it. */
  first: string;
  attach: string;
  /** Ends the client. Until then its session is there to be attached to. */
  stop(): void;
}

const cookieOf = (request: string): Buffer =>
  Buffer.from(/^Cookie: [^=]+=([^\r]+)/m.exec(request)?.[1] ?? '', 'base64url');

/** Runs a real client through a relay, cuts it once, and gives the two requests that it made. */
async function capture(port: number, user: UserKey): Promise<Captured> {
  const relay = await startRelay(port);
  const kinds: string[] = [];
  const client = new Client({
    server: new URL(`http://127.0.0.1:${relay.port}`),
    key: user,
    forwards: [],
    config: { backoffMinMs: 10 },
    onState: (state) => kinds.push(state.kind === 'connected' ? `connected ${state.resumed}` : state.kind),
  });
  const stop = (): void => {
    client.destroy();
    relay.close();
  };
  try {
    await client.start();
    await expect.poll(() => kinds.at(-1), { timeout: 5000, interval: 5 }).toBe('connected false');
    relay.cut();
    await expect.poll(() => kinds.at(-1), { timeout: 5000, interval: 5 }).toBe('connected true');
    const [first, attach] = relay.seen.map(
      (bytes) => `${bytes.toString('latin1').split('\r\n\r\n')[0]}\r\n\r\n`,
    );
    return { first, attach, stop };
  } catch (error) {
    stop();
    throw error;
  }
}

/** A new session by hand: whether the server takes this flight. */
async function isTaken(port: number, request: string): Promise<boolean> {
  const { text } = await exchange(port, [request], (got) => got.includes('\r\n\r\n'));
  return text.startsWith('HTTP/1.1 101 ');
}

function newFlight(user: UserKey): Buffer {
  const clock = {
    now: () => performance.now(),
    wall: () => Date.now() + 2,
    after: () => ({ cancel: () => {} }),
  };
  const random = new Seeded(Date.now() & 0xffff).source;
  return new ClientFlight({
    key: user,
    clock,
    random,
    clockOffsetMs: 0,
    windowBytes: 1 << 18,
    receiveBytes: 1 << 20,
  }).first;
}

describe.each(['a Node site', BUILT_IN])('probes of a server before %s', (site) => {
  let server: Server;
  let port = 0;
  let reference = 0;
  const closers: Array<() => unknown> = [];

  beforeAll(async () => {
    const spec: CoverSpec = site === BUILT_IN ? { kind: 'none' } : { kind: 'proxy', url: cover.url };
    ({ server, port } = await startServer([key], spec));
    closers.push(() => server.close());
    if (site === BUILT_IN) {
      // The same site without a user who could be let in: a server of another key.
      const other = await startServer([await parseKey(generateKey())], spec);
      closers.push(() => other.server.close());
      reference = other.port;
    } else reference = cover.port;
  });
  afterAll(async () => {
    for (const close of closers) await close();
  });

  it('random cookies of every length up to 1000 bytes get what the site gives', async () => {
    const random = new Seeded(1);
    const probes = Array.from({ length: 1001 }, (_, length) =>
      upgrade(`sid=${random.bytes(length).toString('base64url')}`),
    );
    expect(await differences(port, reference, probes)).toEqual([]);
  });

  it('so does garbage of every length without any HTTP', async () => {
    const random = new Seeded(2);
    const probes = Array.from({ length: 201 }, (_, i) => random.bytes(i * 5));
    expect(await differences(port, reference, probes)).toEqual([]);
  });

  it('and truncations, changes, replays and other versions of real flights; a good one works after it all', async () => {
    const real = await capture(port, key);
    const flights = [cookieOf(real.first), cookieOf(real.attach)];
    for (const flight of flights) expect(flight.length).toBeGreaterThan(58);
    const random = new Seeded(3);
    const probes: Array<Buffer | string> = [];
    for (const [request, flight] of [
      [real.first, flights[0]],
      [real.attach, flights[1]],
    ] as const) {
      // Replays, as they were and under another name and head.
      probes.push(
        request,
        request,
        upgradeWith(flight),
        upgrade(`other=1; x=${flight.toString('base64url')}`),
      );
      for (let n = 0; n < flight.length; n++) probes.push(upgradeWith(flight.subarray(0, n)));
      for (let at = 0; at < flight.length; at++) {
        const changed = Buffer.from(flight);
        changed[at] ^= 1 << random.int(0, 7);
        probes.push(upgradeWith(changed));
      }
      probes.push(
        upgradeWith(Buffer.concat([flight, random.bytes(1)])),
        upgradeWith(Buffer.concat([flight, flight])),
      );
      // A request that is cut.
      for (let i = 0; i < 20; i++) probes.push(request.slice(0, random.int(0, request.length - 1)));
    }
    // The key is right, and what it says is not: version 0, version 2, an old prologue, an old clock.
    const hello = { clock: Date.now(), features: 1, windowBytes: 1 << 18, receiveBytes: 1 << 20 };
    const message = (payload: Buffer, prologue = PROLOGUE): string =>
      upgradeWith(new NoiseInitiator({ psk: key.psk, prologue }).writeMessage1(payload));
    for (const version of [0, 2, 255]) {
      const payload = encodeClientHello(hello, Buffer.alloc(20));
      payload[0] = version;
      probes.push(message(payload));
    }
    probes.push(message(encodeClientHello(hello, Buffer.alloc(20)), Buffer.from('culvert/0')));
    probes.push(message(encodeClientHello({ ...hello, clock: Date.now() - 121_000 }, Buffer.alloc(20))));
    probes.push(message(encodeClientHello({ ...hello, clock: Date.now() + 121_000 }, Buffer.alloc(20))));
    const stranger = await parseKey(generateKey());
    probes.push(upgradeWith(newFlight(stranger)));
    expect(await differences(port, reference, probes)).toEqual([]);
    real.stop();
    // The session is over: then nothing but the memory of its flights is left.
    expect(await differences(port, reference, [real.first, real.attach])).toEqual([]);

    expect(await isTaken(port, upgradeWith(newFlight(key)))).toBe(true);
  });

  it('take the time that the site takes', async () => {
    const real = await capture(port, key);
    const random = new Seeded(4);
    const flight = cookieOf(real.first);
    const changed = Buffer.from(flight);
    changed[40] ^= 1;
    const kinds = {
      replay: upgradeWith(flight),
      changed: upgradeWith(changed),
      random: upgradeWith(random.bytes(120)),
      attach: upgradeWith(cookieOf(real.attach)),
    };
    const plain = upgrade('theme=dark');
    // The yardstick is the same server asked for what has no flight in it: the extra hop to the site is in both.
    const times: Record<string, number[]> = { plain: [], replay: [], changed: [], random: [], attach: [] };
    for (let round = 0; round < 150; round++) {
      times.plain.push((await answerOf(port, plain)).ms);
      for (const [name, probe] of Object.entries(kinds)) times[name].push((await answerOf(port, probe)).ms);
    }
    real.stop();
    const median = (list: number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1];
    const base = median(times.plain);
    for (const name of Object.keys(kinds)) {
      const difference = Math.abs(median(times[name]) - base);
      expect(difference, `${name}: ${median(times[name])} ms, plain: ${base} ms`).toBeLessThan(
        Math.max(1, base / 2),
      );
    }
  });
});

describe('a restart', () => {
  it('does not make flights new again that were made before it', async () => {
    const before = await startServer([key], { kind: 'none' });
    const real = await capture(before.port, key);
    real.stop();
    const unseen = upgradeWith(newFlight(key));
    await before.server.close();
    // Flights say whole milliseconds, some of ours two ahead.
    await new Promise((resolve) => setTimeout(resolve, 10));
    const after = await startServer([key], { kind: 'none' });
    try {
      for (const request of [real.first, real.attach, unseen]) {
        const { text } = await answerOf(after.port, request);
        expect(text).toMatch(/^HTTP\/1\.1 404 /);
      }
      expect(await isTaken(after.port, upgradeWith(newFlight(key)))).toBe(true);
    } finally {
      await after.server.close();
    }
  });
});

describe('a probe that is held back', () => {
  it('byte by byte is answered as the site answers it', async () => {
    const { server, port } = await startServer([key], { kind: 'proxy', url: cover.url });
    try {
      const flight = newFlight(key);
      // Within the shortest flight: padding makes its length vary.
      flight[40] ^= 1;
      const request = upgradeWith(flight);
      const slowly = async (to: number): Promise<string> => {
        const socket = net.connect({ port: to, host: '127.0.0.1', noDelay: true });
        await once(socket, 'connect');
        const chunks: Buffer[] = [];
        socket.on('data', (chunk) => chunks.push(chunk));
        const ended = once(socket, 'end');
        for (let at = 0; at < request.length; at += 7) {
          socket.write(request.slice(at, at + 7));
          await new Promise((resolve) => setImmediate(resolve));
        }
        await ended;
        return undated(Buffer.concat(chunks).toString('latin1'));
      };
      const [got, wanted] = await Promise.all([slowly(port), slowly(cover.port)]);
      expect(got).toBe(wanted);
      expect(got).toMatch(/^HTTP\/1\.1 4/);
    } finally {
      await server.close();
    }
  });
});
