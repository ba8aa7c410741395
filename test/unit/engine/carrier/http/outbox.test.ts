import { describe, expect, it } from 'vitest';
import { Outbox, partsOf } from '../../../../../src-main/engine/carrier/http/outbox.ts';
import { recordOf } from '../../../../support/carrier-records.ts';

const numbers = (taken: { records: ReadonlyArray<{ seq: number }> }): number[] =>
  taken.records.map(({ seq }) => seq);

describe('Outbox', () => {
  it('gives records in order, as many as fit, and one at least', () => {
    const outbox = new Outbox();
    outbox.put([recordOf(0, 10), recordOf(1, 20), recordOf(2, 100)]);
    expect(outbox.bytes).toBe(130);
    expect(numbers(outbox.take(35))).toEqual([0, 1]);
    expect(outbox.firstBytes).toBe(100);
    expect(outbox.take(35)).toMatchObject({ bytes: 100 });
    expect([outbox.isEmpty, outbox.bytes, outbox.firstBytes]).toEqual([true, 0, 0]);
    expect(numbers(outbox.take(35))).toEqual([]);
  });

  it('puts what did not arrive first', () => {
    const outbox = new Outbox();
    outbox.put([recordOf(0, 1), recordOf(1, 1)]);
    const { records } = outbox.take(1);
    outbox.put([recordOf(2, 1)]);
    outbox.putBack(records);
    expect(numbers(outbox.take(10))).toEqual([0, 1, 2]);
    expect(outbox.bytes).toBe(0);
  });

  it('keeps its order over many', () => {
    const outbox = new Outbox();
    const seen: number[] = [];
    for (let i = 0; i < 2000; i++) {
      outbox.put([recordOf(i, 5)]);
      if (i % 3 === 0) seen.push(...numbers(outbox.take(10)));
    }
    while (!outbox.isEmpty) seen.push(...numbers(outbox.take(1000)));
    expect(seen).toEqual(Array.from({ length: 2000 }, (_, i) => i));
    expect(outbox.bytes).toBe(0);
  });

  it('lists the bytes of records', () => {
    expect(Buffer.concat(partsOf([recordOf(1, 2), recordOf(2, 3)]))).toEqual(Buffer.from([1, 1, 2, 2, 2]));
  });
});
