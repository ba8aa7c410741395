import { describe, expect, it } from 'vitest';
import type { MuxStream } from '../../../../src-main/engine/mux/stream.ts';
import { TokenBucket } from '../../../../src-main/engine/mux/throttle.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { MuxPair, StreamLog } from '../../../support/mux-pair.ts';

describe('TokenBucket', () => {
  it.each([10_000, 1_000_000, 200_000_000])(
    'gives %d bytes a second, and a burst at most beyond it',
    (rate) => {
      const clock = new FakeClock();
      const bucket = new TokenBucket(rate, clock);
      let sent = 0;
      const start = clock.now();
      while (clock.now() - start < 10_000) {
        const bytes = Math.min(64 << 10, bucket.available());
        if (bytes > 0) {
          bucket.take(bytes);
          sent += bytes;
        } else clock.advance(bucket.waitMs());
      }
      const burst = Math.max(16 << 10, rate / 10);
      expect(sent).toBeGreaterThan(rate * 10 * 0.98);
      expect(sent).toBeLessThanOrEqual(rate * 10 + burst + 2048 + rate / 100);
    },
  );

  it('does not save up more than a burst', () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket(1_000_000, clock);
    clock.advance(3_600_000);
    expect(bucket.available()).toBe(100_000);
  });

  it('debt is paid back before more goes', () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket(1_000_000, clock);
    bucket.take(bucket.available() + 50_000);
    expect(bucket.available()).toBe(-50_000);
    const wait = bucket.waitMs();
    expect(wait).toBeGreaterThanOrEqual(50);
    expect(wait).toBeLessThan(55);
    clock.advance(wait);
    expect(bucket.available()).toBeGreaterThan(0);
  });
});

describe('a throttled muxer', () => {
  const RATE = 1_000_000;

  /** Runs both ends for `ms`, one record at a time as they come. */
  function run(pair: MuxPair, ms: number, each: () => void): void {
    for (let at = 0; at < ms; at += 5) {
      pair.settle();
      each();
      pair.clock.advance(5);
    }
  }

  it.each(['sending', 'receiving'] as const)('holds its rate while %s, over many streams', (direction) => {
    // The client is throttled: what it sends directly, what it receives by granting credit slowly.
    const window = 64 << 10;
    const limits = { initialWindowBytes: window, streamWindowBytes: window };
    const pair = new MuxPair({ client: { ...limits, throttleBytesPerSecond: RATE }, server: limits });
    const logs = Array.from({ length: 4 }, () => new StreamLog());
    const streams = logs.map((log) => pair.client.open({ host: 'h', port: 1 }, log));
    pair.settle();
    const writers = direction === 'sending' ? streams : pair.served.map(({ stream }) => stream);
    const readers = direction === 'sending' ? pair.served.map(({ stream }) => stream) : streams;
    const readLogs = direction === 'sending' ? pair.served.map(({ log }) => log) : logs;
    const consumed = readers.map(() => 0);
    const block = Buffer.alloc(32 << 10);
    const room = writers.map(() => true);
    const step = (): void => {
      writers.forEach((writer, i) => {
        if ((writer?.counters.sent ?? 0) > 8 * RATE || !room[i]) return;
        for (let n = 0; n < 4; n++) writer?.write(block);
      });
      readers.forEach((reader, i) => {
        reader?.consumed(readLogs[i].bytes - consumed[i]);
        consumed[i] = readLogs[i].bytes;
      });
    };
    run(pair, 1000, step);
    const before = readLogs.reduce((sum, log) => sum + log.bytes, 0);
    for (let i = 0; i < room.length; i++) room[i] = true;
    run(pair, 4000, step);
    const rate = (readLogs.reduce((sum, log) => sum + log.bytes, 0) - before) / 4;
    expect(rate).toBeGreaterThan(RATE * 0.9);
    expect(rate).toBeLessThan(RATE * 1.1);
  });

  it('sends at its rate while it also receives', () => {
    const pair = new MuxPair({ client: { throttleBytesPerSecond: RATE } });
    const log = new StreamLog();
    const up = pair.client.open({ host: 'h', port: 1 }, new StreamLog());
    const down = pair.client.open({ host: 'h', port: 1 }, log);
    pair.settle();
    const [far, source] = pair.served;
    const consumed = { up: 0, down: 0 };
    // Nothing is written without room: only the throttle wakes a sender that waits for tokens.
    const fill = (stream: MuxStream | undefined): void => {
      while (stream !== undefined && stream.queued < stream.queueLimit) stream.write(Buffer.alloc(16 << 10));
    };
    const end = pair.clock.now() + 5000;
    while (pair.clock.now() < end) {
      fill(up);
      fill(source.incoming.stream);
      while (pair.carry(pair.server));
      down?.consumed(log.bytes - consumed.down);
      consumed.down = log.bytes;
      far.stream.consumed(far.log.bytes - consumed.up);
      consumed.up = far.log.bytes;
      // A session pulls when it is woken.
      if (pair.wakes.splice(0).length > 0) while (pair.carry(pair.client));
      pair.clock.advance(1);
    }
    for (const bytes of [consumed.up, consumed.down]) expect(bytes / 5).toBeGreaterThan(RATE * 0.9);
  });

  it('wakes the session when there are tokens again', () => {
    const pair = new MuxPair({ client: { throttleBytesPerSecond: RATE } });
    const stream = pair.client.open({ host: 'h', port: 1 }, new StreamLog());
    stream?.write(Buffer.alloc(200_000));
    pair.settle();
    pair.wakes.length = 0;
    expect(pair.client.pull(64 << 10)).toBeUndefined();
    pair.clock.advance(200);
    expect(pair.wakes).toContain(true);
    expect(pair.client.pull(64 << 10)?.length).toBeGreaterThan(0);
  });

  it('does not hold back opening, ending and resetting', () => {
    const pair = new MuxPair({ client: { throttleBytesPerSecond: RATE } });
    const bulk = pair.client.open({ host: 'h', port: 1 }, new StreamLog());
    bulk?.write(Buffer.alloc(250_000));
    pair.settle();
    const log = new StreamLog();
    const other = pair.client.open({ host: 'h', port: 1 }, log);
    other?.reset('reset');
    pair.settle();
    expect(pair.served.map(({ log: one }) => one.told)[1]).toEqual(['reset reset']);
  });
});
