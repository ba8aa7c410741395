import { expect, test } from 'vitest';
import { BLOCK_BYTES, DataCheck, dataBlock } from '../../../src-main/cli/demo-data.ts';

const data = Buffer.concat([dataBlock(0), dataBlock(1), dataBlock(2)]);

function check(bytes: Buffer, step: number): DataCheck {
  const result = new DataCheck();
  for (let at = 0; at < bytes.length; at += step) result.take(bytes.subarray(at, at + step));
  return result;
}

test.each([65_537, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES])('right data in pieces of %d', (step) => {
  expect(check(data, step)).toMatchObject({ bytes: data.length, right: true });
});

test('one wrong byte, two blocks exchanged, and a block twice are found', () => {
  for (const at of [0, 3, BLOCK_BYTES - 1, BLOCK_BYTES, 2 * BLOCK_BYTES + 12_345]) {
    const wrong = Buffer.from(data);
    wrong[at] ^= 1;
    expect(check(wrong, 65_536)).toMatchObject({ bytes: data.length, right: false });
  }
  expect(check(Buffer.concat([dataBlock(1), dataBlock(0)]), 65_536).right).toBe(false);
  expect(check(Buffer.concat([dataBlock(0), dataBlock(0)]), 65_536).right).toBe(false);
});
