import { isIPv6 } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type LogEntry, Logger } from '../../../../src-main/engine/base/log.ts';
import { Tunnel } from '../../../../src-main/engine/client/tunnel.ts';
import { UdpForward } from '../../../../src-main/engine/client/udp-forward.ts';
import type { UdpLimits } from '../../../../src-main/engine/client/udp-link.ts';
import { DEFAULT_CONFIG } from '../../../../src-main/engine/config.ts';
import { ByteBudget } from '../../../../src-main/engine/pump/datagram-queue.ts';
import { DatagramTally } from '../../../../src-main/engine/pump/datagram-tally.ts';
import { encodeDatagram, encodeDatagramFailure } from '../../../../src-main/engine/wire/datagram.ts';
import { until } from '../../../support/culvert-process.ts';
import { MuxPair, type MuxPairOptions, type Served } from '../../../support/mux-pair.ts';
import { LOOPBACK_6, UdpProgram } from '../../../support/udp-programs.ts';

const HOST = '127.0.0.1';
const open: Array<{ close(): void }> = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** A forward whose programs are real and whose server is a mux that answers as the test says. */
async function setUp(
  limits: Partial<UdpLimits> = {},
  onOpen?: MuxPairOptions['onOpen'],
  host: string = HOST,
) {
  const pair = new MuxPair({ onOpen });
  const { clock } = pair;
  const tunnel = new Tunnel({ dialTimeoutMs: 20_000, maxWaiting: 100, clock });
  tunnel.up(pair.client);
  const log: LogEntry[] = [];
  const tally = new DatagramTally();
  const forward = new UdpForward({
    target: { host: 'target', port: 7 },
    opener: tunnel,
    limits: { ...DEFAULT_CONFIG, ...limits },
    clock,
    log: new Logger('', 'debug', (entry) => log.push(entry)),
    tally,
    budget: new ByteBudget(1 << 20),
    label: () => 'the forward',
  });
  const bound = await forward.listen({ host, port: 0 });
  open.push({ close: () => forward.destroy() });
  const program = async (): Promise<UdpProgram> => {
    const made = new UdpProgram();
    await made.bind();
    open.push(made);
    return made;
  };
  const carry = (what: string, done: () => boolean): Promise<void> =>
    until(what, () => {
      pair.settle();
      return done();
    });
  /** Sends, and waits until the forward has taken it. */
  const send = async (from: UdpProgram, text: string): Promise<void> => {
    const { sent, dropped } = tally.counters;
    await from.send(Buffer.from(text), bound.port);
    await carry(`${text} to be taken`, () => tally.counters.sent + tally.counters.dropped > sent + dropped);
  };
  const warnings = (): string[] => log.filter(({ level }) => level === 'warn').map(({ text }) => text);
  return { pair, clock, tunnel, tally, forward, program, send, carry, warnings, port: bound.port };
}

const answer = ({ stream }: Served, text: string): boolean => stream.write(encodeDatagram(Buffer.from(text)));

describe('UdpForward', () => {
  it('has an association per program, whose answers are its own', async () => {
    const { pair, program, send, tally } = await setUp();
    const [a, b] = [await program(), await program()];
    await send(a, 'a1');
    await send(b, 'b1');
    await send(a, 'a2');
    expect(pair.served.map(({ log }) => log.received.length)).toEqual([10, 5]);
    expect(pair.served.map(({ target, protocol }) => [target.host, protocol])).toEqual([
      ['target', 1],
      ['target', 1],
    ]);
    answer(pair.served[1], 'to b');
    answer(pair.served[0], 'to a');
    pair.settle();
    expect((await a.next()).message.toString()).toBe('to a');
    expect((await b.next()).message.toString()).toBe('to b');
    expect(tally.counters).toMatchObject({ sent: 3, received: 2, dropped: 0 });
  });

  it('when it is full the association idle longest makes room', async () => {
    const streams: number[] = [];
    const { pair, clock, program, send, carry } = await setUp({ udpAssociations: 2 }, ({ incoming }) => {
      streams.push(pair.server.streams.size);
      incoming.accept();
    });
    const [a, b, c] = [await program(), await program(), await program()];
    await send(a, 'a1');
    clock.advance(10);
    await send(b, 'b1');
    clock.advance(10);
    await send(a, 'a2');
    clock.advance(10);
    await send(c, 'c1');
    await carry('the end of one', () => pair.served[1].log.told.includes('reset shutdown'));
    expect(pair.served.map(({ log }) => log.told.length)).toEqual([1, 2, 1]);
    // The server, whose cap may be the same, has room when the new one comes.
    expect(streams).toEqual([1, 2, 2]);
  });

  it('but none that is still being opened, which would only queue up', async () => {
    const { pair, program, send, tally } = await setUp({ udpAssociations: 2 }, () => {});
    for (let i = 0; i < 4; i++) await send(await program(), `${i}`);
    expect(pair.served).toHaveLength(2);
    expect(tally.counters).toMatchObject({ sent: 2, received: 0, dropped: 2 });
  });

  it('forgets an association on which nothing moves, and its next datagram opens another', async () => {
    const { pair, clock, program, send } = await setUp();
    const a = await program();
    await send(a, 'one');
    clock.advance(119_999);
    expect(pair.client.streams.size).toBe(1);
    clock.advance(1);
    expect(pair.client.streams.size).toBe(0);
    expect(clock.pending).toBe(0);
    await send(a, 'two');
    expect(pair.served).toHaveLength(2);
  });

  it('opens another after the server or the session ended one', async () => {
    const { pair, tunnel, program, send, port } = await setUp();
    const a = await program();
    await send(a, 'one');
    pair.served[0].stream.reset('timeout');
    pair.settle();
    await send(a, 'two');
    expect(pair.served).toHaveLength(2);
    pair.client.destroy('sessionLost');
    const next = new MuxPair();
    tunnel.down();
    tunnel.up(next.client);
    await a.send(Buffer.from('three'), port);
    await until('it to arrive', () => {
      next.settle();
      return next.served.length === 1;
    });
  });

  it('asks a server that refused again after a second, not for each datagram', async () => {
    const { pair, clock, program, send, tally, warnings } = await setUp({}, ({ incoming }) =>
      incoming.fail('limit', '1024 UDP associations are open already'),
    );
    const a = await program();
    for (let i = 0; i < 3; i++) await send(a, 'x');
    expect(pair.served).toHaveLength(1);
    clock.advance(1000);
    await send(a, 'y');
    expect(pair.served).toHaveLength(2);
    expect(tally.counters.dropped).toBe(2);
    expect(warnings()).toEqual(['the forward: limit: 1024 UDP associations are open already']);
  });

  it('waits for the server as long as the dial timeout, however soon it would be idle', async () => {
    const { pair, clock, program, send, warnings } = await setUp({ udpIdleMs: 1000 }, () => {});
    await send(await program(), 'x');
    clock.advance(19_999);
    expect(pair.client.streams.size).toBe(1);
    clock.advance(1);
    expect(pair.client.streams.size).toBe(0);
    expect(warnings()).toEqual(['the forward: timeout: no answer within the dial timeout']);
    expect(clock.pending).toBe(0);
  });

  it('says of refusals one line in ten seconds', async () => {
    const { pair, clock, program, send, carry, warnings } = await setUp();
    await send(await program(), 'x');
    const refuse = async (): Promise<void> => {
      pair.served[0].stream.write(encodeDatagramFailure(2));
      await carry('it to be told', () => true);
    };
    for (let i = 0; i < 5; i++) await refuse();
    expect(warnings()).toEqual(['the forward: refused: nothing listens there']);
    clock.advance(10_000);
    await refuse();
    expect(warnings()).toHaveLength(2);
  });

  it('stops in order', async () => {
    const { pair, forward, program, send } = await setUp();
    await send(await program(), 'x');
    forward.stop();
    forward.stop();
    pair.settle();
    expect(pair.served[0].log.told).toEqual(['data', 'end']);
    forward.destroy();
  });

  it('listens at every interface, for both families', async () => {
    const { program, pair, carry, port } = await setUp({}, undefined, '');
    const six = new UdpProgram(isIPv6(LOOPBACK_6) ? 6 : 4);
    open.push(six);
    await six.bind(LOOPBACK_6);
    await six.send(Buffer.from('six'), port, LOOPBACK_6);
    await (await program()).send(Buffer.from('four'), port);
    await carry('both', () => pair.served.length === 2);
    for (const served of pair.served) answer(served, 'yes');
    pair.settle();
    expect((await six.next()).message.toString()).toBe('yes');
  });

  it('listens at the address of a name', async () => {
    const { port } = await setUp({}, undefined, 'localhost');
    expect(port).toBeGreaterThan(0);
  });

  it.each([
    ['192.0.2.1', 'ERR_LISTEN', 'no address of this machine'],
    ['no.such.invalid', 'ERR_LISTEN', 'no address of this machine'],
  ])('cannot listen at %s', async (host, code, text) => {
    const { forward } = await setUp();
    await expect(forward.listen({ host, port: 0 })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(text),
    });
  });
});
