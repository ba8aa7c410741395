import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Managed } from '../bench/processes.ts';
import { temporaryFolder } from '../bench/rig.ts';
import { CulvertLab, HOST, makeKey, says, until } from '../support/culvert-process.ts';
import { DNS_ANSWER, DnsServer, dnsAddress, dnsQuery } from '../support/dns-server.ts';
import { TcpRelay } from '../support/tcp-relay.ts';
import { startRig } from '../support/tunnel-rig.ts';
import { LOOPBACK_6, SocksUdpClient, UdpProgram, udpEcho } from '../support/udp-programs.ts';

const LONGEST = 65_507;

let lab: CulvertLab;
beforeEach(() => {
  lab = new CulvertLab();
});
afterEach(() => lab.close());

function held<T extends { close(): void }>(closable: T): T {
  lab.onClose(() => closable.close());
  return closable;
}

async function dns(host = HOST): Promise<{ server: DnsServer; port: number }> {
  const server = held(new DnsServer(host.includes(':') ? 6 : 4));
  return { server, port: await server.listen(host) };
}

async function echo(host = HOST): Promise<number> {
  const { program, port } = await udpEcho(host);
  held(program);
  return port;
}

async function program(family: 4 | 6 = 4): Promise<UdpProgram> {
  const made = held(new UdpProgram(family));
  await made.bind(family === 6 ? '::1' : HOST);
  return made;
}

async function socks(port: number, options = {}): Promise<SocksUdpClient> {
  const { client, reply } = await SocksUdpClient.open(port, options);
  held(client);
  expect(reply).toBe(0);
  return client;
}

/** Server, client with these forwards at any free ports, and those ports in order. */
async function tunnel(
  forwards: readonly string[],
  options: { server?: readonly string[]; client?: readonly string[] } = {},
): Promise<{ server: Managed; client: Managed; ports: number[] }> {
  const server = await lab.server(options.server);
  const client = await lab.client(server, [...forwards, ...(options.client ?? [])]);
  const ports = [...client.output.matchAll(/listening on \S*?:(\d+)(?:\/udp)? ->/g)].map((m) => Number(m[1]));
  expect(ports).toHaveLength(forwards.length / 2);
  return { server: server.process, client, ports };
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

async function dig(port: number, host: string): Promise<string> {
  const args = [`@${host}`, '-p', String(port), 'culvert.example', 'A', '+short', '+tries=1', '+time=5'];
  const run = lab.program('dig', args);
  await run.ended;
  return run.output.trim();
}

describe('a static forward', () => {
  it('carries the queries of dig', async () => {
    const target = await dns();
    const { client, ports } = await tunnel(['-L', `0:${HOST}:${target.port}/udp`]);
    expect(client.output).toMatch(/listening on 127\.0\.0\.1:\d+\/udp -> 127\.0\.0\.1:\d+\/udp/);
    expect(await dig(ports[0], HOST)).toBe(DNS_ANSWER);
    expect(target.server.queries).toBe(1);
  });

  it('carries them over IPv6, and to the server itself', async () => {
    const target = await dns(LOOPBACK_6);
    const place = bracketed(LOOPBACK_6);
    const { ports } = await tunnel([
      '-L',
      `${place}:0:${place}:${target.port}/udp`,
      '-L',
      `0::${target.port}/udp`,
    ]);
    expect(await dig(ports[0], LOOPBACK_6)).toBe(DNS_ANSWER);
    // Nothing listens at the server's 127.0.0.1: its IPv6 loopback is tried with the same datagram.
    expect(await dig(ports[1], HOST)).toBe(DNS_ANSWER);
  });

  it('brings 0, 1, 1472, 9000 and 65507 bytes there and back', async () => {
    const { ports } = await tunnel(['-L', `0:${HOST}:${await echo()}/udp`]);
    const local = await program();
    for (const length of [0, 1, 1472, 9000, LONGEST]) {
      const message = Buffer.alloc(length, 'culvert');
      await local.send(message, ports[0]);
      const { message: answer, from } = await local.next();
      expect(answer.equals(message), `${length} bytes`).toBe(true);
      expect(from.port).toBe(ports[0]);
    }
  });

  it('keeps the programs behind it apart', async () => {
    const { ports } = await tunnel(['-L', `0:${HOST}:${await echo()}/udp`]);
    const all = await Promise.all(Array.from({ length: 20 }, () => program()));
    await Promise.all(all.map((each, index) => each.send(Buffer.from(`I am ${index}`), ports[0])));
    for (const [index, each] of all.entries()) {
      expect((await each.next()).message.toString()).toBe(`I am ${index}`);
      expect(each.inbox).toEqual([]);
    }
  });

  it('says that nobody listens at the target, once', async () => {
    const closed = new UdpProgram();
    const port = await closed.bind();
    closed.close();
    const { client, ports } = await tunnel(['-L', `0:${HOST}:${port}/udp`]);
    const local = await program();
    await local.send(Buffer.from('anybody?'), ports[0]);
    await says(client, new RegExp(`127\\.0\\.0\\.1:${port}: refused: nothing listens there`));
    const { program: late } = await udpEcho(HOST, port);
    held(late);
    await local.send(Buffer.from('now?'), ports[0]);
    expect((await local.next()).message.toString()).toBe('now?');
    expect(client.output.match(/nothing listens/g)).toHaveLength(1);
  });

  it('says that a name is unknown', async () => {
    const { client, ports } = await tunnel(['-L', '0:nowhere.invalid:53/udp']);
    await (await program()).send(dnsQuery('a.example'), ports[0]);
    await says(client, /nameNotFound: nowhere\.invalid:53\/udp/);
  });

  it('shares its port number with a TCP forward, but not with another program', async () => {
    const taken = held(new UdpProgram());
    const port = await taken.bind();
    const tcp = await lab.tcp((socket) => socket.end('tcp'));
    const server = await lab.server();
    const words = ['-w', '-L', `${port}::${tcp}`, '-L', `${port}:${HOST}:9/udp`];
    const client = lab.run([...words, `${HOST}:${server.port}`, '-p', server.key]);
    await says(
      client,
      new RegExp(`UDP port ${port} on 127\\.0\\.0\\.1 is taken by \\S+ \\(pid ${process.pid}\\)`),
    );
    expect((await client.ended).code).toBe(3);
  });

  it('is counted by -v', async () => {
    const { server, client, ports } = await tunnel(['-L', `0:${HOST}:${await echo()}/udp`], {
      server: ['-v'],
      client: ['-v'],
    });
    const local = await program();
    for (let i = 0; i < 3; i++) {
      await local.send(Buffer.from('count me'), ports[0]);
      await local.next();
    }
    await says(client, /\/udp → \S+: 1 open, 1 in all, 0 failed; .*; 3 datagrams up, 3 down, 0 dropped/);
    await says(client, /#1 127\.0\.0\.1:\d+\/udp: .*; 3 datagrams up, 3 down, 0 dropped/);
    await says(server, /1 UDP association, 3 datagrams up, 3 down, 0 dropped/);
  });
});

describe('UDP ASSOCIATE', () => {
  it('resolves names at the server and answers from the address it got there', async () => {
    const target = await dns();
    const { ports } = await tunnel(['-D', '0']);
    const client = await socks(ports[0]);
    expect(client.relay.host).toBe(HOST);
    for (const host of [HOST, 'localhost']) {
      await client.send(dnsQuery('culvert.example'), host, target.port);
      const { payload, host: from, port } = await client.next();
      expect(dnsAddress(payload)).toBe(DNS_ANSWER);
      expect([HOST, '::1']).toContain(from);
      expect(port).toBe(target.port);
    }
  });

  it('reaches many targets, of both families, from one port', async () => {
    const { ports } = await tunnel(['-D', '0']);
    const client = await socks(ports[0]);
    const targets = [
      [HOST, await echo()],
      [HOST, await echo()],
      [LOOPBACK_6, await echo(LOOPBACK_6)],
    ] as const;
    for (const [host, port] of targets) {
      await client.send(Buffer.from(`to ${host} ${port}`), host, port);
      expect(await client.next()).toEqual({ payload: Buffer.from(`to ${host} ${port}`), host, port });
    }
  });

  it('takes IPv6 clients, and those that log in and say where they send from', async () => {
    const port = await echo();
    const { ports } = await tunnel(['-D', `${bracketed(LOOPBACK_6)}:0`], {
      client: ['--proxy-auth', 'user:secret'],
    });
    const login = { user: 'user', password: 'secret' };
    const client = await socks(ports[0], { host: LOOPBACK_6, login, declare: true });
    expect(client.relay.host).toBe(LOOPBACK_6);
    await client.send(Buffer.from('six'), HOST, port);
    expect((await client.next()).payload.toString()).toBe('six');
  });

  it('brings the longest datagram its header leaves room for', async () => {
    const { ports } = await tunnel(['-D', '0']);
    const client = await socks(ports[0]);
    const message = Buffer.alloc(LONGEST - 10, 'long');
    await client.send(message, HOST, await echo());
    expect((await client.next()).payload.equals(message)).toBe(true);
  });

  it('drops fragments, malformed datagrams and those of others', async () => {
    const port = await echo();
    const { ports } = await tunnel(['-D', '0']);
    const client = await socks(ports[0]);
    await client.send(Buffer.from('mine'), HOST, port);
    await client.next();
    await client.send(Buffer.from('a fragment'), HOST, port, 1);
    await client.send(Buffer.from('to port 0'), HOST, 0);
    await client.udp.send(Buffer.from([0, 0, 0, 9, 1]), client.relay.port);
    await client.udp.send(Buffer.from([0, 0]), client.relay.port);
    const other = await program();
    const stolen = Buffer.concat([
      Buffer.from([0, 0, 0, 1, 127, 0, 0, 1, port >> 8, port & 255]),
      Buffer.from('x'),
    ]);
    await other.send(stolen, client.relay.port);
    await client.send(Buffer.from('still mine'), HOST, port);
    expect((await client.next()).payload.toString()).toBe('still mine');
    expect(other.inbox).toEqual([]);
  });

  it('ends with its TCP connection', async () => {
    const target = await program();
    const { ports } = await tunnel(['-D', '0']);
    const client = await socks(ports[0]);
    await client.send(Buffer.from('x'), HOST, target.socket.address().port);
    const { from } = await target.next();
    client.tcp.end();
    await once(client.tcp, 'close');
    // The server's port is gone too: its system says that nobody listens there.
    const probe = held(createSocket('udp4'));
    probe.connect(from.port, HOST);
    await once(probe, 'connect');
    const refusals: Error[] = [];
    probe.on('error', (error) => refusals.push(error));
    await until('the port to be closed', () => {
      probe.send('y');
      return refusals.length > 0;
    });
    expect(refusals[0].message).toContain('ECONNREFUSED');
  });

  it('has refusals of its own: no server', async () => {
    const { server, client: process, ports } = await tunnel(['-D', '0'], { client: ['-t', '1'] });
    server.signal('SIGKILL');
    await says(process, /disconnected: /);
    const { client, reply } = await SocksUdpClient.open(ports[0]);
    held(client);
    // "TTL expired" is what SOCKS has for a timeout.
    expect(reply).toBe(6);
  });
});

it('is there over plain HTTP as well', async () => {
  const target = await dns();
  const options = { client: ['--transport', 'http'] };
  const { ports } = await tunnel(['-L', `0:${HOST}:${target.port}/udp`, '-D', '0'], options);
  expect(await dig(ports[0], HOST)).toBe(DNS_ANSWER);
  const client = await socks(ports[1]);
  const message = Buffer.alloc(LONGEST - 10, 'http');
  await client.send(message, HOST, await echo());
  expect((await client.next()).payload.equals(message)).toBe(true);
});

it('comes from a config file, and ends at once with the client', async () => {
  const target = await dns();
  const server = await lab.server();
  const folder = temporaryFolder();
  lab.onClose(() => folder.remove());
  const file = join(folder.path, 'culvert.json');
  const local = [`0:${HOST}:${target.port}/udp`, `${bracketed(LOOPBACK_6)}:0:localhost:${target.port}/udp`];
  writeFileSync(file, JSON.stringify({ server: `${HOST}:${server.port}`, key: server.key, local }));
  const client = lab.run(['-w', '-c', file]);
  await says(client, /connected: /);
  const ports = [...client.output.matchAll(/listening on \S*?:(\d+)\/udp ->/g)].map((m) => Number(m[1]));
  expect(await dig(ports[0], HOST)).toBe(DNS_ANSWER);
  expect(await dig(ports[1], LOOPBACK_6)).toBe(DNS_ANSWER);
  const began = performance.now();
  client.signal('SIGTERM');
  expect((await client.ended).code).toBe(0);
  // Not the 3 s that TCP connections have to finish.
  expect(performance.now() - began).toBeLessThan(2500);
});

it('an association outlives the WebSocket it was opened on, and the session too', async () => {
  const port = await echo();
  const key = makeKey();
  const server = await lab.server([], undefined, key);
  const relay = held(new TcpRelay(server.port));
  const client = await lab.client({ port: await relay.listen(), key }, [
    '-D',
    '0',
    '-L',
    `0:${HOST}:${port}/udp`,
  ]);
  const [local, dynamic] = [...client.output.matchAll(/listening on \S+?:(\d+)/g)].map((m) => Number(m[1]));
  const associated = await socks(dynamic);
  const direct = await program();

  const both = async (text: string): Promise<void> => {
    // What was under way may be lost: it is asked for until it comes.
    const asks = async (ask: () => Promise<unknown>, got: () => Promise<string>): Promise<void> => {
      await until(`an answer to ${text}`, async () => {
        await ask();
        return (await got().catch(() => '')) === text;
      });
    };
    await asks(
      () => associated.send(Buffer.from(text), HOST, port),
      async () => (await associated.next(500)).payload.toString(),
    );
    await asks(
      () => direct.send(Buffer.from(text), local),
      async () => (await direct.next(500)).message.toString(),
    );
  };
  await both('before');
  relay.cut();
  await both('after the cut');
  await says(client, /session resumed, nothing lost/);
  server.process.signal('SIGKILL');
  await server.process.ended;
  await lab.server([], server.port, key);
  await both('after the restart');
  await says(client, /no longer has the session/);
}, 40_000);

it('datagrams do not pile up while the way is blocked: the newest are there, the oldest are not', async () => {
  const target = await program();
  let relay: TcpRelay | undefined;
  const rig = await startRig({
    target: () => {},
    client: {
      transport: 'ws',
      // The machine may be slow: how late they get is another test's.
      config: { udpLateMs: 60_000 },
      forwards: [
        {
          kind: 'udp',
          bind: { host: HOST, port: 0 },
          target: { host: HOST, port: target.socket.address().port },
        },
      ],
    },
    between: async (port) => {
      relay = held(new TcpRelay(port));
      return `http://${HOST}:${await relay.listen()}/`;
    },
  });
  lab.onClose(() => rig.close());
  const counters = () => rig.client.status().rules[0].datagrams;
  const source = await program();
  await source.send(Buffer.from('first'), rig.port);
  await target.next();

  relay?.hold();
  const count = 600;
  for (let i = 0; i < count; i++) {
    await source.send(Buffer.alloc(1000, String(i).padEnd(4, ' ')), rig.port);
    // The client holds them in order, not the kernel.
    if (i % 50 === 49) await until('them to be taken', () => taken(counters()) + 330 >= i);
  }
  await until('some to be dropped', () => counters().dropped > 0);
  relay?.release();
  await until('the rest to be sent', () => taken(counters()) === count + 1);
  const { dropped } = counters();
  // 256 KiB of datagrams wait at the client, 32 KiB in the stream, and a window of 64 KiB is under way.
  expect(dropped).toBeGreaterThan(count - 360);
  expect(dropped).toBeLessThan(count - 240);
  const got: number[] = [];
  while (got.length < count - dropped) {
    got.push(Number((await target.next()).message.toString('latin1', 0, 4)));
  }
  expect(got).toEqual([...got].sort((a, b) => a - b));
  expect(got.at(-1)).toBe(count - 1);
  // Of the last that waited none is missing.
  expect(got.slice(-200)).toEqual(Array.from({ length: 200 }, (_, i) => count - 200 + i));
});

function taken({ sent, dropped }: { sent: number; dropped: number }): number {
  return sent + dropped;
}

it('is throttled by -T, and drops what is too much', async () => {
  // Little, so that a machine that is busy with other things still sends several times as much.
  const rate = 60_000;
  const { ports } = await tunnel(['-L', `0:${HOST}:${await echo()}/udp`], { client: ['-T', String(rate)] });
  const local = await program();
  const began = performance.now();
  let received = 0;
  local.socket.on('message', (message: Buffer) => {
    received += message.length;
  });
  let sent = 0;
  while (performance.now() - began < 2000) {
    await local.send(Buffer.alloc(1200), ports[0]);
    sent += 1200;
    if (sent % 12_000 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const seconds = (performance.now() - began) / 1000;
  expect(sent).toBeGreaterThan(3 * rate * seconds);
  expect(received).toBeGreaterThan(0.5 * rate * seconds);
  // A tenth of a second's worth may go at once.
  expect(received).toBeLessThan(1.1 * rate * (seconds + 0.1));
});
