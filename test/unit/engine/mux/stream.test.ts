import { describe, expect, it } from 'vitest';
import { EXCHANGE_RUN } from '../../../../src-main/engine/mux/exchanges.ts';
import { resetReasonText } from '../../../../src-main/engine/mux/stream.ts';
import { RESET_REASONS, type ResetReason } from '../../../../src-main/engine/mux/types.ts';
import { codeOf } from '../../../support/codes.ts';
import { MuxPair, type MuxPairOptions, StreamLog } from '../../../support/mux-pair.ts';

const TARGET = { host: 'host', port: 80 };

function setUp(options: MuxPairOptions = {}) {
  const pair = new MuxPair(options);
  const log = new StreamLog();
  const stream = pair.client.open(TARGET, log);
  if (stream === undefined) throw new Error('not opened');
  return { pair, log, stream, clock: pair.clock };
}

describe('a stream', () => {
  it('carries data that follows OPEN at once, then tells that it is open', () => {
    const { pair, log, stream } = setUp();
    stream.write(Buffer.from('hello'));
    pair.carry(pair.client);
    expect(pair.served[0].target).toEqual(TARGET);
    expect(pair.served[0].log.text).toBe('hello');
    pair.settle();
    pair.served[0].stream.write(Buffer.from('world'));
    pair.settle();
    expect(log.told).toEqual(['opened', 'data']);
    expect(log.text).toBe('world');
  });

  it('half-close stays half-close, either way first', () => {
    for (const first of ['client', 'server'] as const) {
      const { pair, log, stream } = setUp();
      pair.settle();
      const far = pair.served[0];
      const [a, b] = first === 'client' ? [stream, far.stream] : [far.stream, stream];
      const [logA, logB] = first === 'client' ? [log, far.log] : [far.log, log];
      a.write(Buffer.from('last words'));
      a.end();
      a.end();
      pair.settle();
      expect(logB.text).toBe('last words');
      expect(logB.told.at(-1)).toBe('end');
      b.write(Buffer.from('much later'));
      pair.settle();
      expect(logA.text).toBe('much later');
      expect(logA.told).not.toContain('closed');
      b.end();
      pair.settle();
      expect(logA.told.slice(-2)).toEqual(['end', 'closed']);
      expect(logB.told.at(-1)).toBe('closed');
      expect([pair.client.streams.size, pair.server.streams.size]).toEqual([0, 0]);
    }
  });

  it.each(['end', 'reset'] as const)('an exchange ends with it (%s), at both ends', (how) => {
    const { pair, stream } = setUp();
    for (let i = 0; i < EXCHANGE_RUN; i++) {
      stream.write(Buffer.from('a'));
      pair.settle();
    }
    const ends = [pair.client.exchanges, pair.server.exchanges];
    expect(ends.map(({ isActive }) => isActive)).toEqual([true, true]);
    if (how === 'reset') stream.reset('reset');
    else {
      stream.end();
      pair.served[0].stream.end();
    }
    pair.settle();
    expect(ends.map(({ isActive }) => isActive)).toEqual([false, false]);
  });

  it('nothing can be written after its end', () => {
    const { pair, stream } = setUp();
    stream.write(Buffer.from('a'));
    stream.end();
    expect(stream.write(Buffer.from('b'))).toBe(false);
    pair.settle();
    expect(pair.served[0].log.text).toBe('a');
  });

  it('FIN waits for the data before it, though there is no credit', () => {
    const { pair, stream } = setUp({ server: { initialWindowBytes: 4096, streamWindowBytes: 4096 } });
    stream.write(Buffer.alloc(10_000, 1));
    stream.end();
    pair.settle();
    const far = pair.served[0];
    expect(far.log.bytes).toBe(4096);
    expect(far.log.told).toEqual(['data']);
    far.stream.consumed(4096);
    pair.settle();
    far.stream.consumed(4096);
    pair.settle();
    expect(far.log.bytes).toBe(10_000);
    expect(far.log.told).toEqual(['data', 'end']);
  });

  it('FIN needs no credit of its own', () => {
    const { pair, stream } = setUp({ server: { initialWindowBytes: 4096, streamWindowBytes: 4096 } });
    stream.write(Buffer.alloc(4096, 1));
    pair.settle();
    stream.end();
    pair.settle();
    expect(pair.served[0].log.told).toEqual(['data', 'end']);
  });

  it.each(Object.keys(RESET_REASONS) as ResetReason[])(
    'a reset (%s) arrives as one, here and there',
    (reason) => {
      const { pair, log, stream } = setUp();
      pair.settle();
      stream.write(Buffer.from('dropped'));
      stream.reset(reason);
      stream.reset('reset');
      expect(log.told).toEqual(['opened', `reset ${reason}`]);
      pair.settle();
      expect(pair.served[0].log.told).toEqual([`reset ${reason}`]);
      expect(pair.served[0].log.text).toBe('');
      expect([pair.client.streams.size, pair.server.streams.size]).toEqual([0, 0]);
      expect(resetReasonText(reason)).toMatch(/\w{3}/);
    },
  );

  it('a reset crossing data: what comes after is nobody’s', () => {
    const { pair, log, stream } = setUp();
    pair.settle();
    pair.served[0].stream.write(Buffer.from('too late'));
    stream.reset('reset');
    pair.carry(pair.server);
    expect(log.told).toEqual(['opened', 'reset reset']);
    pair.settle();
  });

  it('stops its writer at the cap of its queue, and lets it go on once', () => {
    const { pair, log, stream } = setUp({
      client: { streamQueueBytes: 10_000 },
      server: { initialWindowBytes: 4096, streamWindowBytes: 4096 },
    });
    expect(stream.write(Buffer.alloc(9999))).toBe(true);
    expect(stream.write(Buffer.alloc(5000))).toBe(false);
    pair.settle();
    expect(log.drains).toBe(0);
    pair.served[0].stream.consumed(4096);
    pair.settle();
    expect(log.drains).toBe(1);
    expect(pair.served[0].log.bytes).toBe(8192);
    pair.served[0].stream.consumed(4096);
    pair.settle();
    expect(log.drains).toBe(1);
    expect(pair.served[0].log.bytes).toBe(12_288);
  });

  it('a borrowed buffer is the caller’s again at once', () => {
    const { pair, stream } = setUp();
    pair.settle();
    let expected = '';
    for (const size of [1, 100, 40_000, 60_000]) {
      const mine = Buffer.alloc(size, size & 0xff);
      expected += mine.toString('latin1');
      stream.writeBorrowed(mine);
      mine.fill(0xee);
    }
    pair.settle();
    expect(pair.served[0].log.received.toString('latin1') === expected).toBe(true);
  });

  it('a borrowed buffer that is sent in part while it is borrowed is kept right', () => {
    for (const credit of [50_000, 64 << 10, 100_000, 250_000]) {
      const { pair, stream } = setUp({ server: { initialWindowBytes: credit, streamWindowBytes: credit } });
      pair.settle();
      const sealed: Buffer[] = [];
      // As the session does: a wake with `now` pulls inside the write.
      const wake = pair.wakes.push.bind(pair.wakes);
      let inside = true;
      pair.wakes.push = (now: boolean) => {
        if (now && inside) {
          const record = pair.client.pull(64 << 10);
          if (record !== undefined) sealed.push(Buffer.concat(record.parts));
        }
        return wake(now);
      };
      const mine = Buffer.alloc(200_000, 0x55);
      stream.writeBorrowed(mine);
      inside = false;
      mine.fill(0xee);
      expect(sealed.length).toBeGreaterThan(0);
      for (const record of sealed) pair.server.onRecord([record]);
      pair.settle();
      const far = pair.served[0];
      let consumed = 0;
      while (far.log.bytes > consumed) {
        far.stream.consumed(far.log.bytes - consumed);
        consumed = far.log.bytes;
        pair.settle();
      }
      const got = far.log.received;
      expect(got.length).toBe(200_000);
      expect(got.equals(Buffer.alloc(200_000, 0x55))).toBe(true);
    }
  });

  it('counts its bytes', () => {
    const { pair, stream } = setUp();
    stream.write(Buffer.alloc(1000));
    pair.settle();
    pair.served[0].stream.write(Buffer.alloc(20));
    pair.settle();
    expect(stream.counters).toEqual({ sent: 1000, received: 20 });
    expect(pair.served[0].stream.counters).toEqual({ sent: 20, received: 1000 });
  });

  it('fails when the far end says nothing for the dial timeout, and the far end learns it', () => {
    const { pair, log, clock } = setUp({ client: { dialTimeoutMs: 5000 }, onOpen: () => {} });
    pair.settle();
    clock.advance(4999);
    expect(log.told).toEqual([]);
    clock.advance(1);
    expect(log.told).toEqual(['failed timeout: no answer within the dial timeout']);
    pair.settle();
    expect(pair.served[0].log.told).toEqual(['reset timeout']);
    expect(clock.pending).toBe(0);
  });

  it('leaves no timer once open, failed or cut', () => {
    for (const act of ['accept', 'fail', 'reset'] as const) {
      const { pair, stream, clock } = setUp({ onOpen: () => {} });
      pair.settle();
      expect(clock.pending).toBe(1);
      if (act === 'accept') pair.served[0].incoming.accept();
      else if (act === 'fail') pair.served[0].incoming.fail('refused', '');
      else stream.reset('reset');
      pair.settle();
      expect(clock.pending).toBe(0);
    }
  });

  it('a peer that sends more than it has credit for breaks the rules', () => {
    const { pair, stream } = setUp({ server: { initialWindowBytes: 4096, streamWindowBytes: 4096 } });
    pair.settle();
    stream.granted(10);
    stream.write(Buffer.alloc(4097));
    expect(codeOf(() => pair.settle())).toBe('ERR_FRAME');
  });
});
