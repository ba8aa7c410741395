import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG } from '../../../../src-main/engine/config.ts';
import { Muxer } from '../../../../src-main/engine/mux/muxer.ts';
import type { MuxStream } from '../../../../src-main/engine/mux/stream.ts';
import { MAX_FOLLOWS, type RecordProgress, readEarly } from '../../../../src-main/engine/wire/early.ts';
import { FEATURE } from '../../../../src-main/engine/wire/hello.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { framesOf, StreamLog } from '../../../support/mux-pair.ts';

const [OPEN, DATA, CREDIT, FIN, RESET, EARLY] = [1, 4, 5, 6, 7, 9];

/** A muxer whose records get numbers, and what the peer has delivered of them. */
class Sender {
  readonly clock = new FakeClock();
  readonly progress: RecordProgress = { early: true, below: 0 };
  readonly mux: Muxer;
  seq = 0;

  constructor(throttleBytesPerSecond = 0) {
    this.mux = new Muxer({
      role: 'client',
      limits: { ...DEFAULT_CONFIG, throttleBytesPerSecond },
      peerWindowBytes: 1 << 20,
      peerFeatures: FEATURE.tcp,
      clock: this.clock,
      progress: this.progress,
      wake: () => {},
      fault: (error) => {
        throw error;
      },
    });
  }

  open(): MuxStream {
    const stream = this.mux.open({ host: 'h', port: 1 }, new StreamLog());
    if (stream === undefined) throw new Error('not opened');
    return stream;
  }

  /** The next early record as `type stream`, and what it follows. */
  early(): { frames: string[]; follows: number[] | undefined } | undefined {
    const plan = this.mux.pullEarly(1000, this.seq);
    if (plan === undefined) return undefined;
    expect(Buffer.concat(plan.parts)).toHaveLength(plan.length);
    const follows = readEarly(this.seq++, plan.parts);
    const frames = framesOf(plan.parts).map(({ type, id }) => `${type} ${id}`);
    expect(frames[0]).toBe(`${EARLY} 0`);
    return { frames: frames.slice(1), follows };
  }

  ordinary(): string[] | undefined {
    const plan = this.mux.pull(64 << 10, this.seq);
    if (plan === undefined) return undefined;
    this.seq++;
    return framesOf(plan.parts).map(({ type, id }) => `${type} ${id}`);
  }
}

describe('what goes early', () => {
  it('is all of a small stream, each record after the one before it', () => {
    const sender = new Sender();
    const stream = sender.open();
    stream.write(Buffer.from('hi'));
    expect(sender.early()).toEqual({ frames: [`${OPEN} 1`, `${DATA} 1`], follows: [] });
    stream.write(Buffer.from('ho'));
    stream.end();
    expect(sender.early()).toEqual({ frames: [`${DATA} 1`, `${FIN} 1`], follows: [0] });
    expect(sender.early()).toBeUndefined();
    expect(sender.ordinary()).toBeUndefined();
  });

  it('names nothing that the peer has delivered', () => {
    const sender = new Sender();
    const stream = sender.open();
    sender.early();
    sender.progress.below = 1;
    stream.write(Buffer.from('hi'));
    expect(sender.early()).toEqual({ frames: [`${DATA} 1`], follows: [] });
  });

  it('is in order among OPENs, and not among streams', () => {
    const sender = new Sender();
    const [a, b] = [sender.open(), sender.open()];
    expect(sender.early()?.follows).toEqual([]);
    sender.open();
    expect(sender.early()).toEqual({ frames: [`${OPEN} 5`], follows: [0] });
    a.write(Buffer.from('a'));
    expect(sender.early()?.follows).toEqual([0]);
    b.write(Buffer.from('b'));
    // Not the record with what `a` wrote.
    expect(sender.early()?.follows).toEqual([0]);
  });

  it('is nothing of a stream of which an ordinary record has yet to be delivered', () => {
    const sender = new Sender();
    const stream = sender.open();
    stream.write(Buffer.alloc(100_000));
    expect(sender.early()?.frames).toEqual([`${OPEN} 1`]);
    while (sender.ordinary() !== undefined);
    sender.clock.advance(5000);
    stream.write(Buffer.from('more'));
    expect(sender.early()).toBeUndefined();
    stream.reset('reset');
    expect(sender.early()).toBeUndefined();
    expect(sender.ordinary()).toEqual([`${RESET} 1`]);
  });

  it('is a stream again that was full, once that was delivered and it is quiet', () => {
    const sender = new Sender();
    const stream = sender.open();
    stream.write(Buffer.alloc(100_000));
    sender.early();
    while (sender.ordinary() !== undefined);
    sender.progress.below = sender.seq;
    stream.write(Buffer.from('at once'));
    expect(sender.early()).toBeUndefined();
    expect(sender.ordinary()).toEqual([`${DATA} 1`]);
    sender.progress.below = sender.seq;
    sender.clock.advance(1000);
    stream.write(Buffer.from('later'));
    expect(sender.early()?.frames).toEqual([`${DATA} 1`]);
  });

  it('is CREDIT of a stream that the peer knows, whatever else is under way; not before its OPEN', () => {
    const sender = new Sender();
    const stream = sender.open();
    sender.progress.early = false;
    expect(sender.ordinary()).toEqual([`${OPEN} 1`]);
    sender.progress.early = true;
    const grant = (): void => {
      stream.data([Buffer.alloc(200_000)], 200_000);
      stream.consumed(200_000);
    };
    grant();
    expect(sender.early()).toBeUndefined();
    expect(sender.ordinary()).toEqual([`${CREDIT} 1`]);
    sender.progress.below = 1;
    stream.write(Buffer.alloc(100_000));
    while (sender.ordinary() !== undefined);
    // The window has grown to 1 MiB, half of which must be free.
    for (let i = 0; i < 3; i++) grant();
    expect(sender.early()).toEqual({ frames: [`${CREDIT} 1`], follows: [] });
  });

  it('is little at a time, of all streams together', () => {
    const sender = new Sender();
    for (let i = 0; i < 20; i++) sender.open().write(Buffer.alloc(20_000));
    let bytes = 0;
    for (
      let plan = sender.mux.pullEarly(1000, sender.seq);
      plan;
      plan = sender.mux.pullEarly(1000, sender.seq)
    ) {
      sender.seq++;
      bytes += plan.length;
    }
    expect(bytes).toBeGreaterThan(100_000);
    expect(bytes).toBeLessThan(150_000);
    let rest = 0;
    for (let plan = sender.mux.pull(1 << 16, sender.seq); plan; plan = sender.mux.pull(1 << 16, sender.seq)) {
      sender.seq++;
      rest += plan.length;
    }
    expect(bytes + rest).toBeGreaterThan(400_000);
  });

  it('follows at most so many records at a time', () => {
    const sender = new Sender();
    const streams = Array.from({ length: MAX_FOLLOWS + 10 }, () => sender.open());
    while (sender.early() !== undefined);
    for (const stream of streams) {
      stream.write(Buffer.from('a'));
      expect(sender.early()?.frames).toHaveLength(1);
    }
    for (const stream of streams) stream.write(Buffer.from('b'));
    expect(sender.early()?.follows).toHaveLength(MAX_FOLLOWS);
    expect(sender.early()?.frames).toHaveLength(10);
  });

  it('goes the ordinary way when the carrier changes, in the order of its stream', () => {
    const sender = new Sender();
    const stream = sender.open();
    stream.write(Buffer.from('hi'));
    sender.progress.early = false;
    expect(sender.early()).toBeUndefined();
    expect(sender.ordinary()).toEqual([`${OPEN} 1`, `${DATA} 1`]);
    sender.progress.early = true;
    stream.write(Buffer.from('ho'));
    expect(sender.early()).toBeUndefined();
    expect(sender.ordinary()).toEqual([`${DATA} 1`]);
  });

  it('is held back by a throttle like all else', () => {
    const sender = new Sender(10_000);
    const stream = sender.open();
    stream.write(Buffer.alloc(30_000));
    let records = 0;
    while (sender.early() !== undefined) records++;
    expect(stream.queued).toBeGreaterThan(10_000);
    sender.clock.advance(1000);
    expect(sender.early()).toBeDefined();
    expect(records).toBeGreaterThan(2);
  });

  it('is not overtaken by ordinary data when a record has no room for all of it', () => {
    const sender = new Sender();
    // More OPENs than a record holds, and behind them one with more data than may go early.
    for (let i = 0; i < 2000; i++) sender.open();
    const stream = sender.open();
    stream.write(Buffer.alloc(100_000));
    const seen: number[] = [];
    for (
      let plan = sender.mux.pull(16 << 10, sender.seq);
      plan;
      plan = sender.mux.pull(16 << 10, sender.seq)
    ) {
      sender.seq++;
      for (const { type, id } of framesOf(plan.parts)) if (id === stream.id) seen.push(type);
    }
    expect(seen[0]).toBe(OPEN);
    expect(seen).toContain(DATA);
  });
});
