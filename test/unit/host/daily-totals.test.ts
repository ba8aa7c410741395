import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DailyTotals, dayOf } from '../../../src-main/host/daily-totals.ts';
import { confFiles } from '../../../src-main/host/json-document.ts';

const DAY = 86_400_000;
const NOON = new Date(2026, 10, 25, 12).getTime();
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'culvert-totals-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = () =>
  new DailyTotals(directory, confFiles(directory), (error) => {
    throw error;
  });

describe('daily totals', () => {
  it('add up by profile and day, and outlive the host', () => {
    const totals = open();
    totals.add('a', 1, 2, NOON - DAY);
    totals.add('a', 10, 20, NOON);
    totals.add('a', 10, 20, NOON);
    totals.add('b', 100, 200, NOON);
    totals.flush();
    const again = open();
    expect(again.read('a', 90, NOON)).toEqual([
      { day: dayOf(NOON - DAY), sent: 1, received: 2 },
      { day: '2026-11-25', sent: 20, received: 40 },
    ]);
    expect(again.read(null, 1, NOON)).toEqual([{ day: '2026-11-25', sent: 120, received: 240 }]);
    expect(again.read('c', 90, NOON)).toEqual([]);
  });

  it('are kept for 90 days', () => {
    const totals = open();
    for (let day = 0; day < 120; day++) totals.add('a', 1, 1, NOON + day * DAY);
    totals.flush();
    expect(open().read('a', 90, NOON + 119 * DAY)).toHaveLength(90);
    expect(open().read('a', 90, NOON + 60 * DAY)[0].day).toBe(dayOf(NOON + 30 * DAY));
  });
});
