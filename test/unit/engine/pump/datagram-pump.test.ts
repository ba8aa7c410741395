import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG } from '../../../../src-main/engine/config.ts';
import type { MuxLimits } from '../../../../src-main/engine/mux/muxer-options.ts';
import type { Target, TunnelStream } from '../../../../src-main/engine/mux/types.ts';
import { type DatagramEnd, DatagramPump } from '../../../../src-main/engine/pump/datagram-pump.ts';
import { ByteBudget } from '../../../../src-main/engine/pump/datagram-queue.ts';
import { DatagramTally } from '../../../../src-main/engine/pump/datagram-tally.ts';
import { STREAM_PROTOCOL } from '../../../../src-main/engine/wire/frame.ts';
import { MuxPair } from '../../../support/mux-pair.ts';

const TARGET = { host: 'h', port: 1 };
const LONGEST = 65_507;
/** Datagrams of 1000 bytes that fill the 32 KiB a stream takes. */
const IN_STREAM = 33;

/** One end: what its pump told. */
class End {
  readonly got: Buffer[] = [];
  readonly addresses: Array<Target | undefined> = [];
  readonly failures: string[] = [];
  ended: DatagramEnd | undefined;
  opened = 0;
  readonly tally = new DatagramTally();
  readonly budget = new ByteBudget(1 << 20);
  /** What waits for the turn's end; undefined: nothing does. */
  deferred: Array<() => void> | undefined;
  readonly pump: DatagramPump;

  constructor(clock: MuxPair['clock'], addressed: boolean, queueBytes: number) {
    this.pump = new DatagramPump({
      addressed,
      limits: { udpQueueBytes: queueBytes, udpLateMs: DEFAULT_CONFIG.udpLateMs },
      budget: this.budget,
      idleMs: 120_000,
      clock,
      defer: (fn) => {
        if (this.deferred === undefined) fn();
        else this.deferred.push(fn);
      },
      tally: this.tally,
      onDatagram: (payload, address) => {
        this.got.push(Buffer.from(payload));
        this.addresses.push(address);
      },
      onFailure: (failure, address) => this.failures.push(`${failure} ${address?.host ?? ''}`),
      onOpened: () => this.opened++,
      onOver: (why) => {
        if (this.ended !== undefined) throw new Error('ended twice');
        this.ended = why;
      },
    });
  }

  get texts(): string[] {
    return this.got.map((payload) => payload.toString());
  }
}

function setUp(options: { many?: boolean; limits?: Partial<MuxLimits>; queueBytes?: number } = {}) {
  const protocol = options.many ? STREAM_PROTOCOL.udpMany : STREAM_PROTOCOL.udp;
  const queueBytes = options.queueBytes ?? 256 << 10;
  let server: End | undefined;
  const pair: MuxPair = new MuxPair({
    client: options.limits,
    server: options.limits,
    onOpen: ({ incoming }) => {
      server = new End(pair.clock, options.many ?? false, queueBytes);
      incoming.stream.listen(server.pump);
      server.pump.attach(incoming.stream);
      incoming.accept();
    },
  });
  const client = new End(pair.clock, options.many ?? false, queueBytes);
  const stream = pair.client.open(TARGET, client.pump, { protocol }) as TunnelStream;
  client.pump.attach(stream);
  const far = (): End => {
    if (server === undefined) throw new Error('nothing was opened');
    return server;
  };
  return { pair, client, stream, far };
}

describe('DatagramPump', () => {
  it('carries datagrams both ways, the empty and the longest too', () => {
    const { pair, client, far } = setUp();
    client.pump.send(Buffer.from('one'));
    client.pump.send(Buffer.alloc(0));
    client.pump.send(Buffer.alloc(LONGEST, 1));
    pair.settle();
    expect(client.opened).toBe(1);
    expect(far().got.map((payload) => payload.length)).toEqual([3, 0, LONGEST]);
    expect(far().got[2]).toEqual(Buffer.alloc(LONGEST, 1));
    far().pump.send(Buffer.from('back'));
    pair.settle();
    expect(client.texts).toEqual(['back']);
    const [there, back] = [
      { sent: 3, sentBytes: 3 + LONGEST },
      { received: 1, receivedBytes: 4 },
    ];
    expect(client.tally.counters).toEqual({ ...there, ...back, dropped: 0 });
    expect(far().tally.counters).toMatchObject({ sent: 1, received: 3, dropped: 0 });
  });

  it('and with their addresses', () => {
    const { pair, client, far } = setUp({ many: true });
    const address = { host: 'example.org', port: 53 };
    client.pump.send(Buffer.from('q'), address);
    pair.settle();
    expect(far().addresses).toEqual([address]);
    far().pump.sendFailure('nameNotFound', address);
    pair.settle();
    expect(client.failures).toEqual(['nameNotFound example.org']);
    expect(client.got).toEqual([]);
    expect(far().tally.counters.sent).toBe(0);
  });

  it('through a window that is smaller than they are', () => {
    const small = { initialWindowBytes: 4096, streamWindowBytes: 4096 };
    const { pair, client, far } = setUp({ limits: small });
    for (let i = 0; i < 3; i++) client.pump.send(Buffer.alloc(LONGEST, i));
    pair.settle(16 << 10);
    expect(far().got).toEqual([0, 1, 2].map((i) => Buffer.alloc(LONGEST, i)));
  });

  it('gives a blocked stream little, and drops the oldest of what waits', () => {
    const { pair, client, stream, far } = setUp({ queueBytes: 64 << 10 });
    const count = 300;
    for (let i = 0; i < count; i++) client.pump.send(Buffer.alloc(1000, String(i).padStart(4, '0')));
    // 32 KiB are in the stream, 64 KiB wait, each with what it costs to hold.
    expect(client.tally.counters.sent).toBe(IN_STREAM);
    expect(client.budget.used).toBeLessThanOrEqual(64 << 10);
    const kept = count - client.tally.counters.dropped;
    expect(kept).toBeGreaterThan(IN_STREAM + 55);
    expect(kept).toBeLessThan(IN_STREAM + 65);
    pair.settle();
    expect(stream.counters.sent).toBe(kept * 1003);
    const numbers = far().got.map((payload) => Number(payload.toString('latin1', 0, 4)));
    // The first were in the stream already; of the others the newest are there.
    const first = Array.from({ length: IN_STREAM }, (_, i) => i);
    const last = Array.from({ length: kept - IN_STREAM }, (_, i) => count - (kept - IN_STREAM) + i);
    expect(numbers).toEqual([...first, ...last]);
  });

  it('sends nothing that has waited for a second', () => {
    const { pair, client, far } = setUp();
    // Fills the stream.
    client.pump.send(Buffer.alloc(40_000));
    client.pump.send(Buffer.from('late'));
    pair.clock.advance(1001);
    client.pump.send(Buffer.from('new'));
    pair.settle();
    expect(far().got.map((payload) => payload.length)).toEqual([40_000, 3]);
    expect(client.tally.counters).toMatchObject({ sent: 2, dropped: 1 });
  });

  it('on a path that is too slow gives what is young, and uses all of the path', () => {
    const { pair, client, far } = setUp();
    const { clock } = pair;
    const ages: number[] = [];
    let seen = 0;
    // 1000 bytes every 7 ms into 1 Mbit/s, for 40 s: a little more than it carries.
    const [perStep, stepMs, seconds] = [125 * 7, 7, 40];
    for (let budget = 0, step = 0; step < (seconds * 1000) / stepMs; step++) {
      client.pump.send(Buffer.alloc(1000, String(clock.now()).padEnd(16, ' ')));
      for (budget += perStep; budget > 0; ) {
        const record = pair.client.pull(1200);
        if (record === undefined) break;
        budget -= record.length;
        pair.server.onRecord([Buffer.concat(record.parts)]);
      }
      while (pair.carry(pair.server));
      for (; seen < far().got.length; seen++) {
        ages.push(clock.now() - Number(far().got[seen].toString('latin1', 0, 16)));
      }
      clock.advance(stepMs);
    }
    // A second in the queue, and what the 32 KiB in the stream take.
    expect(Math.max(...ages)).toBeLessThan(1000 + 300);
    expect(far().got.length * 1003).toBeGreaterThan(0.95 * 125_000 * (seconds - 2));
  });

  it('has at most a window of 64 KiB under way to a far end that does not answer', () => {
    const { pair, client, stream } = setUp({ queueBytes: 1 << 20 });
    for (let i = 0; i < 500; i++) client.pump.send(Buffer.alloc(1000));
    while (pair.client.pull(64 << 10) !== undefined);
    expect(stream.counters.sent).toBe(64 << 10);
  });

  it('lets the datagrams of one turn leave together, and the last before the end', () => {
    const { pair, client, far } = setUp();
    pair.settle();
    client.deferred = [];
    const wakes = pair.wakes.length;
    for (let i = 0; i < 20; i++) client.pump.send(Buffer.from(`${i}`));
    expect([client.tally.counters.sent, client.deferred.length]).toEqual([0, 1]);
    client.deferred[0]();
    expect(client.tally.counters.sent).toBe(20);
    expect(pair.wakes.length).toBeGreaterThan(wakes);
    pair.settle();
    expect(far().texts).toHaveLength(20);
    client.pump.send(Buffer.from('last'));
    client.pump.close();
    pair.settle();
    expect(far().texts.at(-1)).toBe('last');
    for (const fn of client.deferred) fn();
  });

  it('drops what is too long to be a datagram', () => {
    const { pair, client, far } = setUp();
    client.pump.send(Buffer.alloc(LONGEST + 1));
    client.pump.send(Buffer.from('x'));
    pair.settle();
    expect(far().texts).toEqual(['x']);
    expect(client.tally.counters).toMatchObject({ sent: 1, dropped: 1 });
  });

  it('ends in order: what the stream has arrives, and nothing is left', () => {
    const { pair, client, far } = setUp();
    pair.settle();
    client.pump.send(Buffer.from('last'));
    client.pump.close();
    far().pump.send(Buffer.from('crossing'));
    pair.settle();
    expect(far().texts).toEqual(['last']);
    expect(client.got).toEqual([]);
    expect([client.ended, far().ended]).toEqual([{ kind: 'closed' }, { kind: 'closed' }]);
    expect([pair.client.streams.size, pair.server.streams.size, pair.clock.pending]).toEqual([0, 0, 0]);
    client.pump.send(Buffer.from('after'));
    client.pump.close();
    expect(client.tally.counters.sent).toBe(1);
  });

  it('ends when nothing moved for as long, in whichever direction', () => {
    const { pair, client, far } = setUp();
    pair.settle();
    for (let i = 0; i < 5; i++) {
      pair.clock.advance(119_000);
      far().pump.send(Buffer.from('x'));
      pair.settle();
    }
    expect([client.ended, far().ended]).toEqual([undefined, undefined]);
    pair.clock.advance(119_999);
    expect(client.ended).toBeUndefined();
    pair.clock.advance(1);
    expect(client.ended).toEqual({ kind: 'idle' });
    pair.settle();
    expect([pair.client.streams.size, pair.server.streams.size, pair.clock.pending]).toEqual([0, 0, 0]);
  });

  it('resets a stream that brings no datagrams; the session goes on', () => {
    const { pair, client, stream, far } = setUp();
    stream.write(Buffer.from('GET / HTTP/1.1'));
    pair.settle();
    expect(far().ended).toEqual({ kind: 'cut', reason: 'protocol' });
    expect(client.ended).toEqual({ kind: 'cut', reason: 'protocol' });
    expect(pair.client.streams.size).toBe(0);
  });

  it('is over when the session is, and keeps nothing of what waited', () => {
    const { pair, client } = setUp();
    for (let i = 0; i < 100; i++) client.pump.send(Buffer.alloc(1000));
    pair.client.destroy('sessionLost');
    expect(client.ended).toEqual({ kind: 'cut', reason: 'sessionLost' });
    const { sent, dropped } = client.tally.counters;
    expect(sent + dropped).toBe(100);
    expect(client.budget.used).toBe(0);
    expect(pair.clock.pending).toBe(0);
  });
});

it('a tally counts in its total too', () => {
  const total = new DatagramTally();
  const [a, b] = [new DatagramTally(total), new DatagramTally(total)];
  a.sent(10);
  b.sent(3);
  b.sent(0);
  b.received(5);
  b.dropped(4);
  expect([a.counters.sent, b.counters.sent]).toEqual([1, 2]);
  expect(total.counters).toEqual({ sent: 3, received: 1, dropped: 4, sentBytes: 13, receivedBytes: 5 });
});
