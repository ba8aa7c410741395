import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { LAST_CHUNK, writeChunk } from '../../../../../src-main/engine/carrier/http/chunked.ts';

it('writes chunks; one of nothing is left out, as it would be the last', () => {
  const to = new PassThrough();
  let written = 0;
  const onWritten = (): void => void written++;
  expect(writeChunk(to, [Buffer.from('abc'), Buffer.alloc(17, 'x')], () => {})).toBe(26);
  expect(writeChunk(to, [Buffer.alloc(0)], onWritten)).toBe(0);
  expect(writeChunk(to, [], onWritten)).toBe(0);
  to.end(LAST_CHUNK);
  expect(String(to.read())).toBe(`14\r\nabc${'x'.repeat(17)}\r\n0\r\n\r\n`);
  expect(written).toBe(2);
});
