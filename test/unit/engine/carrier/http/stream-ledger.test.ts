import { describe, expect, it } from 'vitest';
import { StreamLedger } from '../../../../../src-main/engine/carrier/http/stream-ledger.ts';
import { recordOf } from '../../../../support/carrier-records.ts';

describe('StreamLedger', () => {
  it('tells how long nothing was acknowledged', () => {
    const ledger = new StreamLedger();
    expect(ledger.stalledMs(0)).toBe(0);
    const records = [recordOf(1, 1), recordOf(2, 1)];
    ledger.add(records);
    expect(ledger.stalledMs(100)).toBe(0);
    expect(ledger.stalledMs(900)).toBe(800);
    records[0].retired = true;
    expect(ledger.stalledMs(1000)).toBe(0);
    expect(ledger.stalledMs(1500)).toBe(500);
    records[1].retired = true;
    expect(ledger.stalledMs(9000)).toBe(0);
  });

  it('forgets what was acknowledged as it goes', () => {
    const ledger = new StreamLedger();
    for (let i = 0; i < 10_000; i++) {
      const record = recordOf(i, 1);
      ledger.add([record]);
      record.retired = i % 100 !== 0;
    }
    expect(ledger.bytes).toBe(10_000);
    expect(ledger.takeLost().map(({ seq }) => seq)).toEqual(Array.from({ length: 100 }, (_, i) => i * 100));
  });
});
