import { describe, expect, it } from 'vitest';
import { RecordCutter } from '../../../../../src-main/engine/carrier/http/record-cutter.ts';
import { recordOf } from '../../../../support/carrier-records.ts';

describe('RecordCutter', () => {
  it('sends a record in pieces, one at a time, each again until it arrives', () => {
    const cutter = new RecordCutter();
    const record = recordOf(7, 25);
    cutter.begin(record);
    const first = cutter.take(10);
    expect(first).toMatchObject({ number: 1, offset: 0 });
    expect([cutter.isBusy, cutter.isDue]).toEqual([true, false]);
    cutter.failed();
    expect(cutter.isDue).toBe(true);
    const again = cutter.take(6);
    expect(again).toMatchObject({ number: 1, offset: 0 });
    cutter.arrived(again);
    const rest = cutter.take(100);
    expect(rest).toMatchObject({ number: 1, offset: 6 });
    expect(rest.bytes.length).toBe(19);
    expect(record.done).toBe(0);
    cutter.arrived(rest);
    expect(record.done).toBe(1);
    expect([cutter.isBusy, cutter.isDue]).toEqual([false, false]);
    cutter.begin(recordOf(8, 5));
    expect(cutter.take(9)).toMatchObject({ number: 2, offset: 0 });
  });
});
