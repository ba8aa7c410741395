import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeText, encodeText } from '../../../src-shared/base64url.ts';
import { importResultSchema } from '../../../src-shared/import-item.ts';
import { MAX_LINK, MAX_QR_BYTES } from '../../../src-shared/limits.ts';
import { isLink, parseLink, printLink } from '../../../src-shared/link.ts';
import { newDraft } from '../../../src-shared/profile.ts';
import { arbitraryDraft } from './arbitraries.ts';

const all = { withKey: true, withRules: true };
const key = `cv1_${'A'.repeat(43)}`;
const small = newDraft({
  name: 'Home',
  server: { scheme: 'https', host: 'cdn.example', port: 443, path: '/assets' },
  headers: [{ name: 'Authorization', value: 'Bearer x' }],
  rules: [
    { kind: 'dynamic', name: '', enabled: true, bind: { host: '*', port: 1080 }, auth: null },
    {
      kind: 'static',
      name: 'web',
      enabled: false,
      bind: { host: '127.0.0.1', port: 0 },
      target: { host: '', port: 80 },
    },
  ],
  secrets: { key: { kind: 'set', text: key }, proxyPassword: { kind: 'keep' } },
});
const itemOf = (link: string) => {
  const result = parseLink(link);
  if (!result.ok) throw new Error(`${result.error.reason} ${result.error.part}`);
  return result.items[0];
};

describe('a share link', () => {
  it('holds everything of a profile', () => {
    fc.assert(
      fc.property(arbitraryDraft, (draft) => {
        const { draft: read } = itemOf(printLink(draft, all));
        const proxyPassword = draft.proxy === null ? { kind: 'keep' } : draft.secrets.proxyPassword;
        expect(read).toEqual({ ...draft, secrets: { ...draft.secrets, proxyPassword } });
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('holds no secret without the key, and says so', () => {
    fc.assert(
      fc.property(arbitraryDraft, (draft) => {
        const link = printLink(draft, { withKey: false, withRules: true });
        const { draft: read, notes } = itemOf(link);
        expect(notes).toContainEqual({ code: 'keyMissing', subject: '' });
        expect(read.secrets).toEqual({ key: { kind: 'keep' }, proxyPassword: { kind: 'keep' } });
        expect(JSON.stringify(read.rules)).not.toContain('"set"');
      }),
      { seed: 2, numRuns: 200 },
    );
    const link = printLink(small, { withKey: false, withRules: false });
    expect(decodeText(link.slice('culvert://v1/'.length))).not.toMatch(/Bearer|cv1_/);
    expect(itemOf(link)).toMatchObject({
      draft: { rules: [], headers: [] },
      notes: [{ code: 'headerSecretMissing', subject: 'Authorization' }, { code: 'keyMissing' }],
    });
  });

  it('fits a QR code with the usual', () => {
    expect(printLink(small, all).length).toBeLessThan(MAX_QR_BYTES / 8);
  });

  it('is read as spelled here for ever', () => {
    // Made by version 1: a change that cannot read it is a version 2.
    const link =
      'culvert://v1/eyJuIjoiSG9tZSIsInMiOiJodHRwczovL2Nkbi5leGFtcGxlL2Fzc2V0cyIsInQiOiJ3cyIsInIiOlt7IkQiOiIxMDgwIn1dfQ';
    expect(itemOf(link).draft).toEqual(
      newDraft({
        name: 'Home',
        server: { scheme: 'https', host: 'cdn.example', port: 443, path: '/assets' },
        transport: 'ws',
        rules: [
          { kind: 'dynamic', name: '', enabled: true, bind: { host: '127.0.0.1', port: 1080 }, auth: null },
        ],
      }),
    );
  });

  it('may be broken by a mail program', () => {
    const link = printLink(small, all);
    expect(itemOf(`${link.slice(0, 40)}\r\n  ${link.slice(40)}`).draft).toEqual(small);
  });

  it('tells what it opens to the network', () => {
    expect(itemOf(printLink(small, all)).notes).toContainEqual({ code: 'exposed', subject: '*:1080' });
  });

  const payload = (value: unknown) => `culvert://v1/${encodeText(JSON.stringify(value))}`;
  it.each([
    ['culvert://v1', 'badLink'],
    ['culvert://v0/AAAA', 'badLink'],
    ['culvert://v2/AAAA', 'linkNewer'],
    ['culvert://v1/', 'linkCut'],
    [printLink(small, all).slice(0, -10), 'linkCut'],
    [payload({ s: 'http://a.example', more: 1 }), 'badLink'],
    [payload({}), 'badLink'],
    [payload({ s: 'ftp://a.example' }), 'badScheme'],
    [payload({ s: 'http://a.example', r: [{ L: '1:2:3:4:5' }] }), 'tooManyParts'],
    [payload({ s: 'http://a.example', h: [['Host', 'x']] }), 'badLink'],
    [payload({ s: 'http://a.example', c: 'x'.repeat(40_000) }), 'badLink'],
    [`culvert://v1/${'A'.repeat(MAX_LINK)}`, 'tooLong'],
  ])('%.60s: %s', (link, reason) => {
    const result = parseLink(link);
    expect(result).toMatchObject({ ok: false, error: { reason } });
    expect(importResultSchema.safeParse(result).success).toBe(true);
  });

  it('never throws, whatever stands in it', () => {
    const near = fc.oneof(
      fc.string().map((text) => `culvert://v1/${text}`),
      fc.jsonValue().map(payload),
      fc
        .dictionary(fc.constantFrom(...'nstkpwhoiuclr'), fc.jsonValue())
        .map((value) => payload({ s: 'a:80', ...value })),
    );
    fc.assert(
      fc.property(near, (link) => {
        expect(importResultSchema.safeParse(parseLink(link)).success).toBe(true);
      }),
      { seed: 3, numRuns: 3000 },
    );
  });
});

describe('isLink', () => {
  it.each([
    [' CULVERT://v1/x', true],
    ['culvert -D 1080', false],
  ])('%s: %s', (text, link) => expect(isLink(text)).toBe(link));
});
