import { describe, expect, it } from 'vitest';
import { Exchanges } from '../../../../src-main/engine/mux/exchanges.ts';
import { QUANTUM, Scheduler } from '../../../../src-main/engine/mux/scheduler.ts';
import { MuxStream } from '../../../../src-main/engine/mux/stream.ts';
import { ReceiveWindow } from '../../../../src-main/engine/mux/window.ts';
import { FRAME } from '../../../../src-main/engine/wire/frame.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { framesOf, MuxPair, StreamLog } from '../../../support/mux-pair.ts';

const TARGET = { host: 'h', port: 1 };
const RECORD = 64 << 10;

/** Streams that always have something to send. */
function saturated(count: number): {
  pair: MuxPair;
  ids: number[];
  top: () => void;
  keys: ReturnType<MuxPair['client']['open']>;
} {
  const window = 64 << 20;
  const limits = { initialWindowBytes: window, streamWindowBytes: window };
  const pair = new MuxPair({ client: limits, server: limits });
  const streams = Array.from({ length: count }, () => pair.client.open(TARGET, new StreamLog()));
  const keys = pair.client.open(TARGET, new StreamLog());
  pair.settle();
  const top = (): void => {
    for (const stream of streams)
      while ((stream?.queued ?? 0) < 512 << 10) stream?.write(Buffer.alloc(64 << 10));
  };
  top();
  return { pair, ids: streams.map((stream) => stream?.id ?? 0), top, keys };
}

/** Bytes of DATA by stream in the next record. */
function nextRecord(pair: MuxPair, limit = RECORD): Map<number, number> {
  const record = pair.client.pull(limit);
  const sent = new Map<number, number>();
  for (const { type, id, length } of framesOf(record?.parts ?? [])) {
    if (type === FRAME.data) sent.set(id, (sent.get(id) ?? 0) + length);
  }
  return sent;
}

describe('fair turns', () => {
  it.each([1, 8, 50])('a keystroke beside %d downloads leaves within the next record', (count) => {
    const { pair, top, keys } = saturated(count);
    // Each download is new at first, too: until it has had its first quantum.
    for (let i = 0; i <= count; i++) {
      top();
      nextRecord(pair);
    }
    for (let i = 0; i < 200; i++) {
      top();
      nextRecord(pair);
      if (i % 3 !== 0) continue;
      keys?.write(Buffer.from(`key ${i}`));
      expect(nextRecord(pair).get(keys?.id ?? 0)).toBe(`key ${i}`.length);
    }
  });

  it('typing for a whole day beside downloads still waits at most one round', () => {
    const count = 8;
    const { pair, top, keys } = saturated(count);
    let worst = 0;
    for (let typed = 0; typed < 4 * QUANTUM; typed += 500) {
      top();
      keys?.write(Buffer.alloc(500));
      let records = 0;
      while (!nextRecord(pair).has(keys?.id ?? 0)) {
        records++;
        top();
      }
      worst = Math.max(worst, records);
    }
    expect(worst).toBeLessThanOrEqual((count * QUANTUM) / RECORD + 1);
  });

  it.each([2, 7, 40])('%d downloads get equal shares', (count) => {
    const { pair, ids, top } = saturated(count);
    const sums = new Map<number, number>();
    for (let i = 0; i < count * 20; i++) {
      top();
      for (const [id, bytes] of nextRecord(pair)) sums.set(id, (sums.get(id) ?? 0) + bytes);
    }
    const shares = ids.map((id) => sums.get(id) ?? 0);
    expect(Math.min(...shares)).toBeGreaterThan(0);
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(3 * QUANTUM);
  });

  it('small chunks and large ones get equal shares of bytes', () => {
    const window = 64 << 20;
    const limits = { initialWindowBytes: window, streamWindowBytes: window };
    const pair = new MuxPair({ client: limits, server: limits });
    const [small, large] = [1, 2].map(() => pair.client.open(TARGET, new StreamLog()));
    pair.settle();
    const sums = new Map<number, number>();
    for (let i = 0; i < 60; i++) {
      while ((small?.queued ?? 0) < 512 << 10) small?.write(Buffer.alloc(1500));
      while ((large?.queued ?? 0) < 512 << 10) large?.write(Buffer.alloc(200_000));
      for (const [id, bytes] of nextRecord(pair)) sums.set(id, (sums.get(id) ?? 0) + bytes);
    }
    const [a, b] = [sums.get(small?.id ?? 0) ?? 0, sums.get(large?.id ?? 0) ?? 0];
    expect(Math.abs(a - b)).toBeLessThanOrEqual(3 * QUANTUM);
  });

  it('one alone is not interrupted: its record is one frame', () => {
    const { pair, ids } = saturated(1);
    expect([...nextRecord(pair, 256 << 10)]).toEqual([[ids[0], 256 << 10]]);
  });
});

describe('Scheduler', () => {
  const make = (): MuxStream => {
    const host = {
      queueLimit: 1e9,
      flushesAtOnce: true,
      eagerBytes: 1e9,
      exchanges: new Exchanges(new FakeClock()),
      ready: () => {},
      lastCredited: undefined,
      creditDue: () => {},
      sendReset: () => {},
      closed: () => {},
    };
    return new MuxStream(host, 1, 1e9, new ReceiveWindow(1, 1, new FakeClock()));
  };

  it('keeps a stream that the record had no room for at its place', () => {
    const scheduler = new Scheduler();
    const [a, b] = [make(), make()];
    for (const stream of [a, b]) {
      stream.write(Buffer.alloc(10));
      scheduler.add(stream);
      scheduler.add(stream);
    }
    const served: MuxStream[] = [];
    scheduler.run((stream) => {
      served.push(stream);
      return undefined;
    });
    scheduler.run((stream) => {
      served.push(stream);
      return stream.take(100, []);
    });
    expect(served).toEqual([a, a, b]);
    expect(scheduler.empty).toBe(true);
  });

  it('forgets what is removed, also from the middle, and everything on clear', () => {
    const scheduler = new Scheduler();
    const streams = [make(), make(), make()];
    for (const stream of streams) {
      stream.write(Buffer.alloc(10));
      scheduler.add(stream);
    }
    scheduler.remove(streams[1]);
    scheduler.remove(streams[1]);
    const served: MuxStream[] = [];
    scheduler.run((stream) => {
      served.push(stream);
      return stream.take(100, []);
    });
    expect(served).toEqual([streams[0], streams[2]]);
    scheduler.add(streams[1]);
    scheduler.clear();
    expect(scheduler.empty).toBe(true);
  });
});
