import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHeader } from '../../../src-main/cli/values.ts';
import {
  draftOf,
  headerSchema,
  isSecretHeader,
  newDraft,
  profileDraftSchema,
  profileTitle,
  profileViewSchema,
} from '../../../src-shared/profile.ts';
import { arbitraryDraft } from './arbitraries.ts';
import { profileView } from './samples.ts';

const server = { scheme: 'http', host: 'a.example', port: 80, path: '/' } as const;

describe('a draft', () => {
  it('with a server is valid, and without one is not', () => {
    expect(profileDraftSchema.safeParse(newDraft({ server })).success).toBe(true);
    expect(profileDraftSchema.safeParse(newDraft()).success).toBe(false);
  });

  it('passes the schema unchanged', () => {
    fc.assert(
      fc.property(arbitraryDraft, (draft) => {
        expect(profileDraftSchema.parse(draft)).toEqual(draft);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('of a profile keeps its secrets and holds none', () => {
    const view = profileView('a', {
      rules: [
        {
          kind: 'dynamic',
          id: 'r',
          name: '',
          enabled: true,
          bind: { host: '*', port: 1 },
          auth: { user: 'u' },
        },
      ],
    });
    expect(profileViewSchema.parse(view)).toEqual(view);
    const draft = draftOf(view);
    expect(profileDraftSchema.parse(draft)).toEqual(draft);
    expect(draft.secrets).toEqual({ key: { kind: 'keep' }, proxyPassword: { kind: 'keep' } });
    expect(draft.rules[0]).toMatchObject({ id: 'r', auth: { password: { kind: 'keep' } } });
  });

  it.each([
    [{ hostHeader: 'a b' }],
    [{ userAgent: 'a\r\nX: y' }],
    [{ ca: 'not PEM' }],
    [{ sni: '*' }],
    [{ name: 'x'.repeat(81) }],
    [{ server: { ...server, path: 'x' } }],
    [{ server: { ...server, path: '/a b' } }],
    [{ limits: { writeBufferBytes: 1, throttleBytesPerSecond: 0, timeoutSeconds: null } }],
    [{ secrets: { key: { kind: 'set', text: ' ' }, proxyPassword: { kind: 'keep' } } }],
  ])('refuses %j', (change) => {
    expect(profileDraftSchema.safeParse({ ...newDraft({ server }), ...change }).success).toBe(false);
  });
});

describe('a header', () => {
  const fields = new Set(['host', 'user-agent']);
  it('is one that the command line takes, but for those with a field of their own', () => {
    const name = fc.oneof(
      fc.stringMatching(/^[ -~]{1,12}$/),
      fc.constantFrom('Host', 'TE', 'Cookie', 'Upgrade'),
    );
    fc.assert(
      fc.property(name, fc.stringMatching(/^[ -~]{0,12}$/), (header, value) => {
        // The command line trims, and splits at the first separator.
        if (/[:=]/.test(header) || header !== header.trim() || value !== value.trim()) return;
        const taken = headerSchema.safeParse({ name: header, value }).success;
        expect(taken).toBe(parseHeader(`${header}: ${value}`).ok && !fields.has(header.toLowerCase()));
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  it('may be a secret', () => {
    expect(['Cookie', 'AUTHORIZATION', 'X-A'].map(isSecretHeader)).toEqual([true, true, false]);
  });
});

describe('profileTitle', () => {
  it('is the name, else the host', () => {
    expect(profileTitle({ name: 'Home', server })).toBe('Home');
    expect(profileTitle({ name: '', server })).toBe('a.example');
  });
});
