import { describe, expect, it } from 'vitest';
import type { CarrierEvents } from '../../../../../src-main/engine/carrier/carrier.ts';
import type { RequestCopy } from '../../../../../src-main/engine/carrier/http/exchange.ts';
import { HttpServerCarrier } from '../../../../../src-main/engine/carrier/http/http-server.ts';
import { GONE_MS } from '../../../../../src-main/engine/carrier/http/limits.ts';
import type { BodyStream } from '../../../../../src-main/engine/carrier/http/record-stream.ts';
import { MODE, type Poll, PROBE_GAP_MS, UNTOLD } from '../../../../../src-main/engine/wire/poll.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';

function poll(request: number, given: Partial<Poll> = {}): Poll {
  const rest = { carrier: 1, bytes: 0, holdMs: 8000, wantBytes: 1e6, park: 2, piece: 0, offset: 0 };
  return { request, ...rest, open: [], lost: [], mode: MODE.plain, ...given };
}

interface Stand {
  clock: FakeClock;
  carrier: HttpServerCarrier;
  /** Bytes that came for the session, per flow. */
  flows: number[];
  ends: string[];
}

function stand(): Stand {
  const clock = new FakeClock();
  const flows: number[] = [];
  const ends: string[] = [];
  const carrier = new HttpServerCarrier({
    id: 1,
    label: 'test',
    clock,
    onForgotten: () => {},
    onGone: () => {},
  });
  const events: CarrierEvents = {
    openFlow: () => {
      const at = flows.push(0) - 1;
      return {
        push: (chunk) => {
          flows[at] += chunk.length;
        },
      };
    },
    onWritable: () => {},
    onClose: (reason) => ends.push(reason.code),
    seal: () => Buffer.alloc(50),
  };
  carrier.first(undefined);
  carrier.start(events);
  return { clock, carrier, flows, ends };
}

interface Copy extends RequestCopy {
  answers: number;
  cuts: number;
  /** Of a streamed answer. */
  open: () => BodyStream;
  isOpen: boolean;
}

function copyOf(): Copy {
  return {
    answers: 0,
    cuts: 0,
    isOpen: false,
    respond() {
      this.answers++;
    },
    open() {
      this.isOpen = true;
      const end = (): void => {
        this.isOpen = false;
      };
      return { backlog: 0, write: () => {}, end };
    },
    destroy() {
      this.cuts++;
      this.isOpen = false;
    },
  };
}

describe('HttpServerCarrier', () => {
  it('keeps no more of a piece than its sender announced', () => {
    const { carrier, flows } = stand();
    const exchange = carrier.accept(poll(1, { piece: 1, bytes: 10 }));
    if (exchange === undefined) throw new Error('not accepted');
    const copy = copyOf();
    const sink = carrier.serve(exchange, copy);
    const chunk = Buffer.alloc(1 << 20);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 64; i++) sink.onBody(chunk);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 << 20);
    sink.onEnd();
    expect([copy.cuts, flows]).toEqual([1, []]);
  });

  it('ends where a piece is announced that is longer than any body', () => {
    const { carrier, ends } = stand();
    expect(carrier.accept(poll(1, { piece: 1, bytes: UNTOLD }))).toBeUndefined();
    expect(ends).toEqual(['ERR_LIMIT']);
  });

  it('reads few copies of one request at a time', () => {
    const { carrier, flows } = stand();
    const exchange = carrier.accept(poll(1, { bytes: 100 }));
    if (exchange === undefined) throw new Error('not accepted');
    const sinks = Array.from({ length: 50 }, () => carrier.serve(exchange, copyOf()));
    for (const sink of sinks) sink.onBody(Buffer.alloc(50));
    expect(flows.filter((bytes) => bytes > 0).length).toBeLessThanOrEqual(4);
    // Those that are gone make room.
    for (const sink of sinks) sink.onClose();
    carrier.serve(exchange, copyOf()).onBody(Buffer.alloc(50));
    expect(flows[flows.length - 1]).toBe(50);
  });

  it('holds a request for a bounded time, however long it may', () => {
    const { clock, carrier, ends } = stand();
    const exchange = carrier.accept(poll(1, { holdMs: 0xffff_ffff }));
    if (exchange === undefined) throw new Error('not accepted');
    const copy = copyOf();
    carrier.serve(exchange, copy).onEnd();
    expect(carrier.quietMs).toBeLessThan(5 * 60_000 + GONE_MS);
    clock.advance(5 * 60_000 + GONE_MS);
    expect([copy.answers, ends]).toEqual([1, ['ERR_CARRIER_LOST']]);
    expect(clock.pending).toBe(0);
  });

  it('is patient as long as a request may wait, whatever came after it', () => {
    const { clock, carrier, ends } = stand();
    const holdMs = 60_000;
    const waiting = carrier.accept(poll(1, { holdMs }));
    if (waiting === undefined) throw new Error('not accepted');
    const copy = copyOf();
    carrier.serve(waiting, copy).onEnd();
    // Such as tries of both directions, or pieces, none of which waits.
    for (const number of [2, 3, 4]) carrier.accept(poll(number, { holdMs: 0, open: [1] }));
    clock.advance(holdMs);
    expect([copy.answers, ends]).toEqual([1, []]);
    clock.advance(GONE_MS + 100);
    expect(ends).toEqual(['ERR_CARRIER_LOST']);
  });

  it('tries one copy of a request for a streamed answer; another one is cut, and both end', () => {
    const { clock, carrier } = stand();
    const exchange = carrier.accept(poll(1, { mode: MODE.tryDown, holdMs: 0 }));
    if (exchange === undefined) throw new Error('not accepted');
    const copies = [copyOf(), copyOf()];
    for (const copy of copies) carrier.serve(exchange, copy).onEnd();
    expect(copies.map(({ isOpen, cuts }) => [isOpen, cuts])).toEqual([
      [true, 0],
      [false, 1],
    ]);
    clock.advance(PROBE_GAP_MS);
    expect(copies[0].isOpen).toBe(false);
  });
});
