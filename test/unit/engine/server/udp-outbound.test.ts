import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../src-main/engine/base/log.ts';
import { DEFAULT_CONFIG, type EngineConfig } from '../../../../src-main/engine/config.ts';
import type { Target, TunnelStream } from '../../../../src-main/engine/mux/types.ts';
import { type DatagramEnd, DatagramPump } from '../../../../src-main/engine/pump/datagram-pump.ts';
import { ByteBudget } from '../../../../src-main/engine/pump/datagram-queue.ts';
import { DatagramTally } from '../../../../src-main/engine/pump/datagram-tally.ts';
import type { Lookup } from '../../../../src-main/engine/server/udp-names.ts';
import { UdpOutbound, type UdpOwner } from '../../../../src-main/engine/server/udp-outbound.ts';
import { STREAM_PROTOCOL } from '../../../../src-main/engine/wire/frame.ts';
import { until } from '../../../support/culvert-process.ts';
import { MuxPair } from '../../../support/mux-pair.ts';
import { UdpProgram, udpEcho } from '../../../support/udp-programs.ts';

const HOST = '127.0.0.1';
const open: Array<{ close(): void }> = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

interface Got {
  readonly text: string;
  readonly address: Target | undefined;
}

/** A client whose tunnel is a pipe in memory, and the server's real sockets. */
function setUp(config: Partial<EngineConfig> = {}, lookup?: Lookup) {
  const limits = { ...DEFAULT_CONFIG, ...config };
  const owners: UdpOwner[] = [];
  const newOwner = (): UdpOwner => {
    const owner = { open: 0, tally: new DatagramTally() };
    owners.push(owner);
    return owner;
  };
  let owner = newOwner();
  const pair: MuxPair = new MuxPair({
    onOpen: ({ incoming, target, protocol }) => outbound.serve(incoming, target, protocol, owner),
  });
  const outbound = new UdpOutbound({ config: limits, clock: pair.clock, log: silentLogger, lookup });
  open.push({ close: () => pair.server.destroy('shutdown') });

  const connect = (target?: Target) => {
    const got: Got[] = [];
    const failures: string[] = [];
    const state: { opened: boolean; ended: DatagramEnd | undefined } = { opened: false, ended: undefined };
    const pump = new DatagramPump({
      addressed: target === undefined,
      limits,
      budget: new ByteBudget(1 << 20),
      // The server's own timers are what is tested.
      idleMs: 1 << 30,
      clock: pair.clock,
      defer: (fn) => fn(),
      tally: new DatagramTally(),
      onDatagram: (payload, address) => got.push({ text: payload.toString(), address }),
      onFailure: (failure, address) => failures.push(`${failure} ${address?.host ?? ''}`.trim()),
      onOpened: () => {
        state.opened = true;
      },
      onOver: (why) => {
        state.ended = why;
      },
    });
    const protocol = target === undefined ? STREAM_PROTOCOL.udpMany : STREAM_PROTOCOL.udp;
    pump.attach(pair.client.open(target ?? { host: '', port: 0 }, pump, { protocol }) as TunnelStream);
    return { pump, got, failures, state };
  };
  /** Carries what there is until `done`. */
  const carry = (what: string, done: () => boolean): Promise<void> =>
    until(what, () => {
      pair.settle();
      return done();
    });
  const nextSession = (): void => {
    owner = newOwner();
  };
  return { pair, outbound, owners, connect, carry, nextSession };
}

async function echo(host = HOST): Promise<number> {
  const { program, port } = await udpEcho(host);
  open.push(program);
  return port;
}

async function closedPort(): Promise<number> {
  const program = new UdpProgram();
  const port = await program.bind();
  program.close();
  return port;
}

describe('a target', () => {
  it('gets what came before its socket stood, in order', async () => {
    const { connect, carry, owners } = setUp();
    const { pump, got } = connect({ host: HOST, port: await echo() });
    for (const text of ['1', '2', '3']) pump.send(Buffer.from(text));
    await carry('the echoes', () => got.length === 3);
    expect(got.map(({ text }) => text)).toEqual(['1', '2', '3']);
    expect(owners[0]).toMatchObject({ open: 1, tally: { counters: { sent: 3, received: 3, dropped: 0 } } });
  });

  // libuv leaves these answers out on Windows.
  const hearsRefusals = it.skipIf(process.platform === 'win32');

  hearsRefusals('of a name is its next address while the first says that nobody listens', async () => {
    const port = await echo();
    const other = process.platform === 'linux' ? '127.0.0.2' : '::1';
    const { connect, carry } = setUp({}, async () => [other, HOST]);
    const { pump, got, failures } = connect({ host: 'both.example', port });
    pump.send(Buffer.from('hello'));
    await carry('the echo', () => got.length === 1);
    expect(failures).toEqual([]);
  });

  hearsRefusals('that refuses is reported, and may begin to listen', async () => {
    const port = await closedPort();
    const { connect, carry } = setUp();
    const { pump, got, failures, state } = connect({ host: HOST, port });
    pump.send(Buffer.from('anybody?'));
    await carry('the refusal', () => failures.length > 0);
    expect(failures).toEqual(['refused']);
    expect(state.ended).toBeUndefined();
    const { program } = await udpEcho(HOST, port);
    open.push(program);
    pump.send(Buffer.from('now?'));
    await carry('the echo', () => got.length === 1);
  });

  it.each<[string, Target, Lookup, string]>([
    ['unknown', { host: 'no.example', port: 5 }, () => fails('ENOTFOUND'), 'nameNotFound'],
    ['without an address', { host: 'no.example', port: 5 }, async () => [], 'internal'],
    ['malformed', { host: 'no example', port: 5 }, () => fails('EPERM'), 'nameNotFound'],
  ])('whose name is %s is refused', async (_what, target, lookup, failure) => {
    const { connect, carry, outbound, owners } = setUp({}, lookup);
    const { state } = connect(target);
    await carry('the refusal', () => state.ended !== undefined);
    expect(state.ended).toMatchObject({ kind: 'failed', failure });
    expect([outbound.size, owners[0].open]).toEqual([0, 0]);
  });

  it('is forgotten by the server when nothing moves', async () => {
    const { pair, connect, carry, outbound } = setUp();
    const { state } = connect({ host: HOST, port: await echo() });
    const dns = connect({ host: HOST, port: 53 });
    await carry('both', () => state.opened && dns.state.opened);
    pair.clock.advance(15_000);
    await carry('the end of that to port 53', () => dns.state.ended !== undefined);
    pair.clock.advance(104_999);
    pair.settle();
    expect(state.ended).toBeUndefined();
    pair.clock.advance(1);
    pair.settle();
    expect(state.ended).toEqual({ kind: 'cut', reason: 'timeout' });
    expect(outbound.size).toBe(0);
  });
});

describe('an association', () => {
  // macOS has one address of 127.0.0.0/8.
  it.skipIf(process.platform === 'darwin')('hears the addresses it has sent to, and no other', async () => {
    const { connect, carry, owners } = setUp({ udpTargets: 1 });
    const { pump, got } = connect();
    const target = new UdpProgram();
    open.push(target);
    const port = await target.bind();
    pump.send(Buffer.from('first'), { host: HOST, port });
    await carry('it to arrive', () => target.inbox.length === 1);
    const { from } = await target.next();
    await target.send(Buffer.from('welcome'), from.port);
    const stranger = new UdpProgram();
    open.push(stranger);
    await stranger.bind('127.0.0.2');
    await stranger.send(Buffer.from('intruder'), from.port);
    await carry('the answer', () => got.length > 0 && owners[0].tally.counters.dropped > 0);
    expect(got).toEqual([{ text: 'welcome', address: { host: HOST, port } }]);
    // It remembers one target: now the stranger is that, and the first is one.
    pump.send(Buffer.from('hi'), { host: '127.0.0.2', port: stranger.socket.address().port });
    await carry('that to arrive', () => stranger.inbox.length === 1);
    await target.send(Buffer.from('too late'), from.port);
    await stranger.send(Buffer.from('in time'), from.port);
    await carry('its answer', () => got.length > 1);
    expect(got[1].text).toBe('in time');
  });

  it('looks a name up once for all that waits for it', async () => {
    let asked = 0;
    const port = await echo();
    const { connect, carry } = setUp({}, async () => {
      asked++;
      return [HOST];
    });
    const { pump, got } = connect();
    for (const text of ['1', '2', '3']) pump.send(Buffer.from(text), { host: 'a.example', port });
    await carry('the echoes', () => got.length === 3);
    expect(got).toEqual(['1', '2', '3'].map((text) => ({ text, address: { host: HOST, port } })));
    pump.send(Buffer.from('4'), { host: 'a.example', port });
    await carry('the fourth', () => got.length === 4);
    expect(asked).toBe(1);
  });

  it('says what became of a datagram, where that can be known', async () => {
    const { connect, carry } = setUp({}, () => fails('ENOTFOUND'));
    const { pump, failures } = connect();
    pump.send(Buffer.from('x'), { host: 'no.example', port: 1 });
    pump.send(Buffer.from('x'), { host: HOST, port: 0 });
    // Broadcast is not permitted on an ordinary socket.
    pump.send(Buffer.from('x'), { host: '255.255.255.255', port: 9 });
    await carry('three failures', () => failures.length === 3);
    expect(failures.sort()).toEqual([
      'denied 255.255.255.255',
      `nameNotFound no.example`,
      `unsupported ${HOST}`,
    ]);
  });

  it('ends with its stream, and with the server', async () => {
    const { connect, carry, outbound, owners } = setUp();
    const [one, two] = [connect(), connect()];
    await carry('both', () => outbound.size === 2);
    one.pump.close();
    await carry('the end of one', () => outbound.size === 1);
    outbound.close();
    await carry('the end of the other', () => two.state.ended !== undefined);
    expect(two.state.ended).toEqual({ kind: 'closed' });
    expect([outbound.size, owners[0].open]).toEqual([0, 0]);
  });
});

it('refuses associations beyond the caps of a session and of the server', async () => {
  const { connect, carry, outbound, owners, nextSession } = setUp({
    udpAssociations: 2,
    udpAssociationsTotal: 3,
  });
  const first = [connect(), connect({ host: HOST, port: 9 }), connect()];
  await carry('the third refusal', () => first[2].state.ended !== undefined);
  expect(first[2].state.ended).toMatchObject({ failure: 'limit', message: expect.stringContaining('2 UDP') });
  nextSession();
  const second = [connect(), connect()];
  await carry('the fifth refusal', () => second[1].state.ended !== undefined);
  expect(second[1].state.ended).toMatchObject({
    failure: 'limit',
    message: expect.stringContaining('3 UDP'),
  });
  expect([outbound.size, ...owners.map((owner) => owner.open)]).toEqual([3, 2, 1]);
  first[0].pump.close();
  await carry('room', () => outbound.size === 2);
  const again = connect();
  await carry('it to be taken', () => outbound.size === 3);
  expect(again.state.ended).toBeUndefined();
});

async function fails(code: string): Promise<string[]> {
  throw Object.assign(new Error(code), { code });
}
