import { describe, expect, it } from 'vitest';
import {
  earlyFrame,
  MAX_EARLY_FRAME,
  MAX_FOLLOWS,
  readEarly,
} from '../../../../src-main/engine/wire/early.ts';
import { FRAME, smallFrame } from '../../../../src-main/engine/wire/frame.ts';
import { codeOf } from '../../../support/codes.ts';
import { cutRandomly, Seeded } from '../../../support/seeded.ts';

const data = smallFrame(FRAME.data, 1, Buffer.from('hi'));

describe('EARLY', () => {
  it.each<[string, number, number[], string]>([
    ['follows nothing', 7, [], '0900000000000000'],
    ['follows 4 and 6', 7, [4, 6], '09000000000000080000000300000001'],
    ['far ahead', 2 ** 40, [2 ** 40 - 5], '090000000000000400000005'],
  ])('%s', (_name, seq, follows, hex) => {
    const frame = earlyFrame(seq, follows);
    expect(frame.toString('hex')).toBe(hex);
    expect(readEarly(seq, [frame, data])).toEqual(follows);
  });

  it('is read wherever the pieces are cut', () => {
    const random = new Seeded(1);
    const follows = Array.from({ length: MAX_FOLLOWS }, (_, i) => 100 + i);
    const record = Buffer.concat([earlyFrame(200, follows), data]);
    expect(record.length).toBe(MAX_EARLY_FRAME + data.length);
    for (let i = 0; i < 200; i++) expect(readEarly(200, cutRandomly(record, random, 30))).toEqual(follows);
  });

  it('other records have none', () => {
    expect(readEarly(7, [data])).toBeUndefined();
    expect(readEarly(7, [])).toBeUndefined();
    expect(readEarly(7, [Buffer.alloc(0)])).toBeUndefined();
  });

  it.each([
    ['cut short', '09000000000000'],
    ['shorter than it says', '0900000000000008' + '00000001'],
    ['of a length that is no multiple of 4', '0900000000000003' + '000000'],
    ['longer than it may be', `0900000000000044${'00000001'.repeat(17)}`],
    ['names itself', '0900000000000004' + '00000000'],
    ['names a number below 0', '0900000000000004' + '00000008'],
  ])('%s: ERR_FRAME', (_name, hex) => {
    expect(codeOf(() => readEarly(7, [Buffer.from(hex, 'hex')]))).toBe('ERR_FRAME');
  });

  it('has room for so many', () => {
    expect(() =>
      earlyFrame(
        100,
        Array.from({ length: MAX_FOLLOWS + 1 }, (_, i) => i),
      ),
    ).toThrow(RangeError);
  });
});
