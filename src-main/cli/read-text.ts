import { closeSync, openSync, readSync } from 'node:fs';
import { systemCode } from '../engine/index.ts';
import type { Checked } from './usage-error.ts';

/** How the command line reads its files: injected, so that tests need none. */
export type ReadText = (path: string) => Checked<string>;

/** Largest config or key file. */
export const MAX_FILE_BYTES = 1 << 20;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'reading it is not permitted',
  EPERM: 'reading it is not permitted',
  EISDIR: 'it is a directory',
};

/**
 * The text of a small file, without a byte order mark: UTF-8, or the UTF-16 that `>` writes in Windows
 * PowerShell. Reads pipes too (`--key-file <(...)`).
 */
export const readTextFile: ReadText = (path) => {
  let bytes: Buffer;
  try {
    bytes = readCapped(path);
  } catch (error) {
    const code = systemCode(error);
    return { ok: false, reason: (code && REASONS[code]) ?? `it cannot be read (${code ?? 'unknown error'})` };
  }
  if (bytes.length > MAX_FILE_BYTES)
    return { ok: false, reason: `it is larger than ${MAX_FILE_BYTES} bytes` };
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8';
  try {
    return { ok: true, value: new TextDecoder(encoding, { fatal: true }).decode(bytes) };
  } catch {
    return { ok: false, reason: 'it is not UTF-8 text' };
  }
};

/** At most one byte more than the cap, so that an endless device ends too. */
function readCapped(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(MAX_FILE_BYTES + 1);
    let length = 0;
    while (length < buffer.length) {
      const count = readSync(file, buffer, length, buffer.length - length, null);
      if (count === 0) break;
      length += count;
    }
    return buffer.subarray(0, length);
  } finally {
    closeSync(file);
  }
}
