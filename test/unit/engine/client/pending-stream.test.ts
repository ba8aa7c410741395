import { describe, expect, it } from 'vitest';
import { PendingStream } from '../../../../src-main/engine/client/pending-stream.ts';
import type { TunnelStream } from '../../../../src-main/engine/mux/types.ts';
import { MuxPair, StreamLog } from '../../../support/mux-pair.ts';

const TARGET = { host: 'h', port: 1 };

function setUp() {
  const heard: string[] = [];
  const meter = {
    streamOpened: () => heard.push('opened'),
    streamClosed: (_stream: TunnelStream, failed: boolean) => heard.push(`closed ${failed}`),
  };
  const log = new StreamLog();
  let overs = 0;
  const pending = new PendingStream(TARGET, log, { meter }, () => overs++);
  const pair = new MuxPair();
  const become = (): void => pending.become((...args) => pair.client.open(...args));
  return { pending, log, heard, pair, become, overs: () => overs };
}

describe('PendingStream', () => {
  it('keeps what was written, and what was ended, until there is a session', () => {
    const { pending, log, pair, become, overs } = setUp();
    expect(pending.write(Buffer.from('early '))).toBe(false);
    const borrowed = Buffer.from('bird');
    expect(pending.writeBorrowed(borrowed)).toBe(false);
    borrowed.fill(0);
    pending.end();
    expect([pending.id, pending.counters]).toEqual([0, { sent: 0, received: 0 }]);
    become();
    pair.settle();
    const far = pair.served[0];
    expect(far.target).toEqual(TARGET);
    expect(far.log.text).toBe('early bird');
    expect(far.log.told).toEqual(['data', 'end']);
    expect(log.told).toEqual(['opened']);
    expect(overs()).toBe(1);
  });

  it('is the real stream from then on', () => {
    const { pending, log, pair, become, heard } = setUp();
    become();
    expect(pending.id).toBe(1);
    expect(pending.write(Buffer.from('a'))).toBe(true);
    pending.writeBorrowed(Buffer.from('b'));
    pair.settle();
    pair.served[0].stream.write(Buffer.from('c'));
    pair.settle();
    pending.consumed(1);
    expect(pending.counters).toEqual({ sent: 2, received: 1 });
    expect(log.text).toBe('c');
    pending.end();
    pair.served[0].stream.end();
    pair.settle();
    expect(log.told.at(-1)).toBe('closed');
    expect(heard).toEqual(['opened', 'closed false']);
  });

  it('lets its writer go on once it is real', () => {
    const { pending, log, become } = setUp();
    pending.write(Buffer.from('x'));
    expect(log.drains).toBe(0);
    become();
    expect(log.drains).toBe(1);
  });

  it('a writer that is not let go at once is let go when there is room', () => {
    const { pending, log, pair, become } = setUp();
    pending.write(Buffer.alloc(200_000));
    become();
    expect(log.drains).toBe(0);
    pair.settle();
    expect(log.drains).toBe(1);
  });

  it('a listener set while it waits hears the rest', () => {
    const { pending, pair, become, log } = setUp();
    const other = new StreamLog();
    pending.listen(other);
    become();
    pair.settle();
    expect([log.told, other.told]).toEqual([[], ['opened']]);
    const third = new StreamLog();
    pending.listen(third);
    pending.reset('reset');
    expect(third.told).toEqual(['reset reset']);
  });

  it('fails once, and is counted as failed', () => {
    const { pending, log, heard, become, overs, pair } = setUp();
    pending.fail('why');
    pending.fail('again');
    become();
    pending.reset('reset');
    expect(log.told).toEqual(['failed noSession: why']);
    expect(heard).toEqual(['opened', 'closed true']);
    expect(overs()).toBe(1);
    expect(pair.client.streams.size).toBe(0);
    expect(pending.write(Buffer.from('late'))).toBe(false);
  });

  it('reset while it waits opens nothing', () => {
    const { pending, log, pair, become } = setUp();
    pending.write(Buffer.from('x'));
    pending.reset('reset');
    pending.reset('reset');
    become();
    expect(log.told).toEqual(['reset reset']);
    expect(pair.client.streams.size).toBe(0);
  });

  it('fails where the session takes no more', () => {
    const { pending, log } = setUp();
    pending.become(() => undefined);
    expect(log.told[0]).toMatch(/^failed noSession/);
  });
});
