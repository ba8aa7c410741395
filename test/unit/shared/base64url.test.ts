import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeText, encodeText } from '../../../src-shared/base64url.ts';

describe('base64url of text', () => {
  it('is what Node makes of it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        expect(encodeText(text)).toBe(Buffer.from(text).toString('base64url'));
        expect(decodeText(encodeText(text))).toBe(text);
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  it('refuses what is not UTF-8, as a strict decoder does', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const decode = (bytes: Uint8Array) => {
      try {
        return strict.decode(bytes);
      } catch {
        return undefined;
      }
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 8 }), (bytes) => {
        expect(decodeText(Buffer.from(bytes).toString('base64url'))).toBe(decode(bytes));
      }),
      { seed: 1, numRuns: 5000 },
    );
  });

  it.each([
    ['overlong', [0xe0, 0x80, 0x80]],
    ['overlong', [0xf0, 0x80, 0x80, 0x80]],
    ['overlong', [0xc0, 0x80]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['above the last', [0xf4, 0x90, 0x80, 0x80]],
    ['cut', [0xe4, 0xb8]],
  ])('refuses UTF-8 that is %s: %j', (_what, bytes) => {
    expect(decodeText(Buffer.from(bytes).toString('base64url'))).toBeUndefined();
  });

  it.each(['A', 'AB', 'QUI=', 'QU I', 'QUJDR', '\u{1f600}'])('refuses %s', (code) => {
    expect(decodeText(code)).toBeUndefined();
  });
});
