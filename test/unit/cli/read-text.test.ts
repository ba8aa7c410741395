import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MAX_FILE_BYTES, readTextFile } from '../../../src-main/cli/read-text.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'culvert-read-text-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(bytes: Buffer | string): string {
  const path = join(folder, 'file');
  writeFileSync(path, bytes);
  return path;
}

test.each([
  ['plain UTF-8', Buffer.from('kéy\n'), 'kéy\n'],
  ['UTF-8 with a mark', Buffer.from('\ufeffkey'), 'key'],
  ['UTF-16, as PowerShell writes it', Buffer.from('\ufeffkey\r\n', 'utf16le'), 'key\r\n'],
  ['nothing', Buffer.alloc(0), ''],
])('%s', (_, bytes, text) => {
  expect(readTextFile(file(bytes))).toEqual({ ok: true, value: text });
});

test('what cannot be read says why', () => {
  const reason = (part: string) => ({ ok: false, reason: expect.stringContaining(part) });
  expect(readTextFile(join(folder, 'none'))).toEqual(reason('no such file'));
  expect(readTextFile(folder)).toMatchObject({ ok: false });
  expect(readTextFile('a\0b')).toMatchObject({ ok: false });
  expect(readTextFile(file(Buffer.from([0xc3, 0x28])))).toEqual(reason('UTF-8'));
  expect(readTextFile(file(Buffer.alloc(MAX_FILE_BYTES + 1, 0x20)))).toEqual(reason('larger'));
  expect(readTextFile(file(Buffer.alloc(MAX_FILE_BYTES, 0x20)))).toMatchObject({ ok: true });
});
