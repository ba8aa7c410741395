import { hkdfSync, scryptSync } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CulvertError, describeError } from '../../../../src-main/engine/base/errors.ts';
import {
  generateKey,
  isGeneratedKey,
  keyStrength,
  parseKey,
  UserKey,
} from '../../../../src-main/engine/crypto/keys.ts';

const raw = Buffer.from(Array.from({ length: 32 }, (_, i) => i * 7 + 1));
const text = `cv1_${raw.toString('base64url')}`;

async function refusal(key: string): Promise<CulvertError> {
  const error = await parseKey(key).catch((reason: unknown) => reason);
  if (!(error instanceof CulvertError)) throw new Error(`accepted ${key}`);
  expect(error.code).toBe('ERR_BAD_KEY');
  return error;
}

describe('generated keys', () => {
  it('are cv1_ and 32 bytes, used as they are', async () => {
    expect(generateKey(() => raw)).toBe(text);
    expect((await parseKey(text)).psk).toEqual(raw);
    expect((await parseKey(` ${text}\r\n`)).psk).toEqual(raw);
  });

  it('are new each time and parse', async () => {
    const [a, b] = [generateKey(), generateKey()];
    expect(a).toMatch(/^cv1_[A-Za-z0-9_-]{43}$/);
    expect(a).not.toBe(b);
    expect((await parseKey(a)).id).not.toBe((await parseKey(b)).id);
  });

  it('are refused when malformed, saying what is wrong and none of the key', async () => {
    const body = text.slice(4);
    const cases: [string, RegExp][] = [
      [`cv1_${body.slice(0, 42)}`, /43 characters.*has 42/],
      [`cv1_${body}A`, /43 characters.*has 44/],
      ['cv1_', /has 0/],
      [`cv1_${body.slice(0, 10)}+${body.slice(11)}`, /character 15 /],
      [`cv1_${body.slice(0, 20)} ${body.slice(20)}`, /character 25 /],
      [`${text}=`, /character 48 /],
    ];
    for (const [bad, pattern] of cases) {
      const error = await refusal(bad);
      expect(error.message).toMatch(pattern);
      expect(error.remedy).toContain('culvert keygen');
      expect(isGeneratedKey(bad)).toBe(false);
      for (let i = 0; i + 6 <= body.length; i++) {
        expect(describeError(error)).not.toContain(body.slice(i, i + 6));
      }
    }
  });

  it('have one spelling: spare bits in the last character are refused', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    let accepted = 0;
    for (const last of alphabet) {
      const candidate = text.slice(0, -1) + last;
      if (isGeneratedKey(candidate)) accepted++;
      else expect((await refusal(candidate)).message).toMatch(/last character/);
    }
    expect(accepted).toBe(16);
  });
});

describe('passphrases', () => {
  it('are stretched by scrypt with the fixed salt', async () => {
    const options = { N: 32_768, r: 8, p: 1, maxmem: 64 << 20 };
    const expected = scryptSync('testkey', 'culvert/1 passphrase', 32, options);
    expect((await parseKey('testkey')).psk).toEqual(expected);
  });

  it('give one key however their accents are composed, and are not trimmed', async () => {
    const [composed, decomposed, spaced] = await Promise.all(
      ['caf\u00e9', 'cafe\u0301', 'caf\u00e9 '].map((passphrase) => parseKey(passphrase)),
    );
    expect(decomposed.psk).toEqual(composed.psk);
    expect(spaced.psk).not.toEqual(composed.psk);
  });

  it('are capped at 1024 bytes and not empty', async () => {
    expect((await parseKey('é'.repeat(512))).psk.length).toBe(32);
    const error = await refusal('é'.repeat(513));
    expect(error.message).toContain('1026');
    expect(error.message).not.toContain('é');
    expect((await refusal('')).message).toMatch(/empty/);
    expect((await refusal(' \n')).message).toMatch(/empty/);
  });
});

describe('UserKey', () => {
  it('derives the attach key and the fingerprint by HKDF', () => {
    const key = new UserKey(raw, 'ann');
    const derive = (info: string) => Buffer.from(hkdfSync('sha256', raw, '', info, 32));
    expect(key.attachKey.export()).toEqual(derive('culvert/1 attach'));
    expect(key.id).toBe(derive('culvert/1 id').toString('base64url').slice(0, 8));
    expect(key.name).toBe('ann');
  });

  it('shows no secret however it is printed', () => {
    const key = new UserKey(raw, 'ann');
    const printed = [
      String(key),
      JSON.stringify(key),
      JSON.stringify({ ...key }),
      inspect(key),
      inspect({ list: [key] }, { depth: 9 }),
      inspect(key, { customInspect: false, showHidden: true, depth: 9 }),
    ];
    const attach = key.attachKey.export();
    for (const line of printed) {
      for (const secret of [raw, attach]) {
        expect(line).not.toContain(secret.toString('hex').slice(0, 12));
        expect(line).not.toContain(secret.toString('base64url').slice(0, 8));
        expect(line).not.toContain(
          [...secret.subarray(0, 3)].map((b) => b.toString(16).padStart(2, '0')).join(' '),
        );
        expect(line).not.toContain([...secret.subarray(0, 3)].join(','));
      }
    }
    expect(printed[0]).toBe(`UserKey(${key.id} ann)`);
    expect(JSON.parse(printed[1])).toEqual({ id: key.id, name: 'ann' });
    expect(inspect(new UserKey(raw))).toBe(`UserKey(${key.id})`);
  });

  it('does not change with the buffer it was made of; another length is refused', () => {
    const bytes = Buffer.from(raw);
    const key = new UserKey(bytes);
    bytes.fill(0);
    expect(key.psk).toEqual(raw);
    expect(() => new UserKey(Buffer.alloc(31))).toThrow(expect.objectContaining({ code: 'ERR_INTERNAL' }));
  });
});

describe('keyStrength', () => {
  it.each([
    [text, 'generated'],
    ['', 'weak'],
    ['testkey', 'weak'],
    ['password123', 'weak'],
    ['Goflyway2024!', 'weak'],
    ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'weak'],
    ['abcdefghijklmnopqrstuvwxyz', 'weak'],
    ['12345678901234567890', 'weak'],
    ['correct horse battery', 'fair'],
    ['x7Kq9vPz2L', 'fair'],
    ['correct-horse-battery-staple-gravel', 'strong'],
    ['mT4x Vq8z Rk2w Jn6y', 'strong'],
  ])('%s is %s', (key, verdict) => {
    expect(keyStrength(key).verdict).toBe(verdict);
  });

  it('calls every generated key generated, and never estimates less than nothing', () => {
    expect(keyStrength(text).bits).toBe(256);
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (key) => {
        const { bits, verdict } = keyStrength(key);
        expect(bits).toBeGreaterThanOrEqual(0);
        expect(bits).toBeLessThanOrEqual(key.length * 8);
        expect(verdict).not.toBe('generated');
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
