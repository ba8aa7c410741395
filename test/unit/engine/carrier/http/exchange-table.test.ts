import { describe, expect, it } from 'vitest';
import { Exchange, type RequestCopy } from '../../../../../src-main/engine/carrier/http/exchange.ts';
import { ExchangeTable } from '../../../../../src-main/engine/carrier/http/exchange-table.ts';
import { RecordSealer } from '../../../../../src-main/engine/crypto/record-sealer.ts';
import { MODE, type Poll, SEEN } from '../../../../../src-main/engine/wire/poll.ts';
import { recordOf } from '../../../../support/carrier-records.ts';

function poll(request: number, given: Partial<Poll> = {}): Poll {
  const rest = { carrier: 1, bytes: 0, holdMs: 0, wantBytes: 1e6, park: 2, piece: 0, offset: 0 };
  return { request, ...rest, open: [], lost: [], mode: MODE.plain, ...given };
}

interface Copy extends RequestCopy {
  answers: Buffer[];
  cut: number;
  finishWriting: () => void;
}

function copyOf(): Copy {
  return {
    answers: [],
    cut: 0,
    finishWriting: () => {},
    respond(_lines, parts, onWritten) {
      this.answers.push(Buffer.concat(parts));
      this.finishWriting = onWritten ?? (() => {});
    },
    open: () => undefined,
    destroy() {
      this.cut++;
    },
  };
}

/** A request that arrived whole. */
function arrived(table: ExchangeTable, number: number): { exchange: Exchange; copy: Copy } {
  const exchange = new Exchange(poll(number), 0, undefined);
  table.add(number, exchange);
  const copy = copyOf();
  exchange
    .add(
      copy,
      () => {},
      () => {},
      () => {},
    )
    .onEnd();
  return { exchange, copy };
}

describe('ExchangeTable', () => {
  it('confirms what is neither open nor lost, and gives its records back', () => {
    const forgotten: Exchange[] = [];
    const table = new ExchangeTable((exchange) => forgotten.push(exchange));
    const record = recordOf(1, 9);
    const { exchange, copy } = arrived(table, 1);
    exchange.settle({ parts: record.parts, bytes: 9, records: [record] });
    table.answered(exchange, 9);
    copy.finishWriting();
    expect(table.unconfirmed).toBe(9);
    expect(table.confirm(poll(2, { open: [1] })).over).toEqual([]);
    expect(table.confirm(poll(3))).toEqual({ lost: [], over: [exchange] });
    expect([table.unconfirmed, table.size, record.done]).toEqual([0, 0, 1]);
    table.forget(exchange);
    expect(forgotten).toEqual([exchange]);
  });

  it('does not give records back that another copy’s connection still holds', () => {
    const table = new ExchangeTable(() => {});
    const record = recordOf(1, 9);
    const { exchange } = arrived(table, 1);
    const second = copyOf();
    exchange
      .add(
        second,
        () => {},
        () => {},
        () => {},
      )
      .onEnd();
    exchange.settle({ parts: record.parts, bytes: 9, records: [record] });
    second.finishWriting();
    table.confirm(poll(2));
    expect(second.answers).toHaveLength(1);
    expect(record.done).toBe(0);
  });

  it('gives the records of a lost answer, open or not', () => {
    const table = new ExchangeTable(() => {});
    const record = recordOf(1, 9);
    const { exchange } = arrived(table, 1);
    exchange.settle({ parts: record.parts, bytes: 9, records: [record] });
    expect(table.confirm(poll(2, { open: [1], lost: [1] })).lost).toEqual([record]);
    expect(record.done).toBe(0);
  });

  it('keeps the memory of a lost answer that a connection still holds when it is answered again', () => {
    const table = new ExchangeTable(() => {});
    const record = new RecordSealer(Buffer.alloc(32, 1)).seal(0, 0, [Buffer.alloc(64 << 10)], 64 << 10);
    record.handedOver();
    const answer = { parts: record.parts, bytes: record.bytes, records: [record] };
    arrived(table, 1).exchange.settle(answer);
    expect(table.confirm(poll(2, { lost: [1] })).lost).toEqual([record]);
    const { exchange, copy } = arrived(table, 2);
    exchange.settle(answer);
    copy.finishWriting();
    table.confirm(poll(3));
    record.retire();
    // Of the first answer the kernel has nothing so far.
    expect(record.parts.every((part) => part.length > 0)).toBe(true);
  });

  it('tells what it has seen', () => {
    const table = new ExchangeTable(() => {});
    arrived(table, 1);
    arrived(table, 2).exchange.settle({ parts: [], bytes: 0, records: [] });
    expect(table.seen([1, 2, 3])).toEqual([SEEN.held, SEEN.answered, SEEN.missing]);
  });
});
