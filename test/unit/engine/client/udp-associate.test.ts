import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LogEntry, Logger } from '../../../../src-main/engine/base/log.ts';
import { serveMixed } from '../../../../src-main/engine/client/mixed-listener.ts';
import { Tunnel } from '../../../../src-main/engine/client/tunnel.ts';
import type { UdpAssociates } from '../../../../src-main/engine/client/udp-associate.ts';
import type { UdpLimits } from '../../../../src-main/engine/client/udp-link.ts';
import { DEFAULT_CONFIG } from '../../../../src-main/engine/config.ts';
import { ByteBudget } from '../../../../src-main/engine/pump/datagram-queue.ts';
import { DatagramTally } from '../../../../src-main/engine/pump/datagram-tally.ts';
import { encodeDatagram } from '../../../../src-main/engine/wire/datagram.ts';
import { STREAM_PROTOCOL } from '../../../../src-main/engine/wire/frame.ts';
import { FEATURE } from '../../../../src-main/engine/wire/hello.ts';
import { until } from '../../../support/culvert-process.ts';
import { MixedLab } from '../../../support/mixed-port.ts';
import { MuxPair, type MuxPairOptions } from '../../../support/mux-pair.ts';
import { simpleJoin } from '../../../support/simple-join.ts';
import { SocksUdpClient, UdpProgram } from '../../../support/udp-programs.ts';

const HOST = '127.0.0.1';
const TARGET = { host: '192.0.2.1', port: 53 };
const closables: Array<{ close(): void }> = [];
let lab: MixedLab;
beforeEach(() => {
  lab = new MixedLab();
});
afterEach(() => {
  lab.close();
  for (const each of closables.splice(0)) each.close();
});

/** A dynamic port whose clients are real and whose server is a mux that answers as the test says. */
async function setUp(options: MuxPairOptions & { limits?: Partial<UdpLimits> } = {}) {
  const pair = new MuxPair(options);
  const { clock } = pair;
  const tunnel = new Tunnel({ dialTimeoutMs: 20_000, maxWaiting: 100, clock });
  tunnel.up(pair.client);
  const log: LogEntry[] = [];
  const udp: UdpAssociates = {
    limits: { ...DEFAULT_CONFIG, ...options.limits },
    tally: new DatagramTally(),
    budget: new ByteBudget(1 << 20),
    open: new Set(),
  };
  const port = await lab.origin((socket) =>
    serveMixed(socket, tunnel, {
      join: simpleJoin,
      clock,
      udp,
      log: new Logger('', 'debug', (entry) => log.push(entry)),
    }),
  );
  const carry = (what: string, done: () => boolean): Promise<void> =>
    until(what, () => {
      pair.settle();
      // A refused server is told in a later turn.
      clock.advance(0);
      return done();
    });
  const open = async (more = {}): Promise<{ client: SocksUdpClient; reply: number }> => {
    let result: { client: SocksUdpClient; reply: number } | undefined;
    const opening = SocksUdpClient.open(port, more).then((value) => {
      result = value;
      closables.push(value.client);
      return value;
    });
    await carry('the reply', () => result !== undefined);
    return opening;
  };
  return { pair, clock, tunnel, udp, log, open, carry };
}

describe('UDP ASSOCIATE', () => {
  it('relays both ways by one stream', async () => {
    const { pair, udp, open, carry } = await setUp();
    const { client, reply } = await open();
    expect([reply, client.relay.host]).toEqual([0, HOST]);
    expect(pair.served.map(({ protocol }) => protocol)).toEqual([STREAM_PROTOCOL.udpMany]);
    await client.send(Buffer.from('q'), 'example.org', 53);
    await carry('it to arrive', () => pair.served[0].log.bytes > 0);
    expect(pair.served[0].log.received).toEqual(
      encodeDatagram(Buffer.from('q'), { host: 'example.org', port: 53 }),
    );
    pair.served[0].stream.write(encodeDatagram(Buffer.from('a'), TARGET));
    pair.settle();
    expect(await client.next()).toEqual({ payload: Buffer.from('a'), ...TARGET });
    expect(udp.tally.counters).toEqual({ sent: 1, received: 1, dropped: 0, sentBytes: 1, receivedBytes: 1 });
  });

  it('is yes only when the server says so', async () => {
    const old = await setUp({ features: FEATURE.tcp });
    expect((await old.open()).reply).toBe(7);
    expect(old.log.find(({ level }) => level === 'warn')?.text).toBe(
      'no UDP association (unsupported): the server is of an older version, which does not forward UDP',
    );
    const full = await setUp({ onOpen: ({ incoming }) => incoming.fail('limit', 'full') });
    expect((await full.open()).reply).toBe(1);
    const cut = await setUp({ onOpen: ({ stream }) => stream.reset('shutdown') });
    expect((await cut.open()).reply).toBe(1);
    for (const { udp } of [old, full, cut]) expect(udp.open.size).toBe(0);
  });

  it('has a cap, and room again when one ends', async () => {
    const { udp, open, carry } = await setUp({ limits: { udpAssociations: 2 } });
    const first = await open();
    await open();
    expect((await open()).reply).toBe(1);
    first.client.tcp.end();
    await carry('room', () => udp.open.size === 1);
    expect((await open()).reply).toBe(0);
  });

  it('hears the port the client announced, and no other', async () => {
    const { pair, udp, open, carry } = await setUp();
    const { client } = await open({ declare: true });
    const other = new UdpProgram();
    closables.push(other);
    await other.bind();
    await other.send(Buffer.from([0, 0, 0, 1, 192, 0, 2, 1, 0, 53, 1]), client.relay.port);
    await carry('it to be dropped', () => udp.tally.counters.dropped === 1);
    await client.send(Buffer.from('q'), TARGET.host, TARGET.port);
    await carry('it to arrive', () => pair.served[0].log.bytes > 0);
    expect(pair.served[0].log.received).toEqual(encodeDatagram(Buffer.from('q'), TARGET));
  });

  it('drops what comes before the client has sent: where to is not known', async () => {
    const { pair, udp, open, carry } = await setUp();
    await open();
    pair.served[0].stream.write(encodeDatagram(Buffer.from('a'), TARGET));
    await carry('it to be dropped', () => udp.tally.counters.dropped === 1);
  });

  it('goes on after the server forgot it, as long as its TCP connection', async () => {
    const { pair, clock, udp, open, carry } = await setUp();
    const { client } = await open();
    clock.advance(DEFAULT_CONFIG.udpIdleMs);
    pair.settle();
    expect([pair.client.streams.size, udp.open.size]).toEqual([0, 1]);
    await client.send(Buffer.from('again'), TARGET.host, TARGET.port);
    await carry('another stream', () => pair.served.length === 2 && pair.served[1].log.bytes > 0);
    client.tcp.end();
    await Promise.all([once(client.tcp, 'close'), carry('its end', () => udp.open.size === 0)]);
    pair.settle();
    expect(pair.served[1].log.told).toContain('end');
  });
});
