import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Backup, importBackup, parseBackup, printBackup } from '../../../src-shared/backup.ts';
import { DEFAULT_SERVER_CONFIG } from '../../../src-shared/embedded-server.ts';
import { importText } from '../../../src-shared/import.ts';
import { importResultSchema } from '../../../src-shared/import-item.ts';
import { profileSchema } from '../../../src-shared/profile.ts';
import { DEFAULT_SETTINGS } from '../../../src-shared/settings.ts';
import { profileView } from './samples.ts';

const {
  origin: _origin,
  secrets: _secrets,
  ...stored
} = profileView('a', {
  rules: [
    {
      kind: 'dynamic',
      id: 'r',
      name: '',
      enabled: true,
      bind: { host: '*', port: 1080 },
      auth: { user: 'u' },
    },
  ],
});
const profile = profileSchema.parse(stored);
const head = { format: 'culvert-backup', version: 1, createdAt: 1, culvert: '0.1.0' } as const;
const plain: Backup = {
  ...head,
  plain: {
    profiles: [{ profile, secrets: { key: 'k', proxyPassword: null, ruleAuth: { r: 'p' } } }],
    settings: DEFAULT_SETTINGS,
    server: { config: DEFAULT_SERVER_CONFIG, key: null },
  },
};
const sealed: Backup = {
  ...head,
  sealed: {
    kdf: 'scrypt',
    n: 32_768,
    r: 8,
    p: 1,
    salt: 'AA',
    cipher: 'aes-256-gcm',
    nonce: 'AA',
    data: 'AA',
  },
};

describe('a backup', () => {
  it.each([
    ['plain', plain],
    ['sealed', sealed],
  ])('%s is read as written', (_name, backup) => {
    expect(parseBackup(printBackup(backup))).toEqual({ ok: true, backup });
  });

  it('gives drafts with their secrets, under no old id', () => {
    expect(importText(printBackup(plain))).toMatchObject({
      ok: true,
      items: [
        {
          source: 'backup',
          draft: {
            name: 'server a',
            rules: [{ auth: { user: 'u', password: { kind: 'set', text: 'p' } } }],
            secrets: { key: { kind: 'set', text: 'k' }, proxyPassword: { kind: 'keep' } },
          },
          notes: [],
        },
      ],
    });
    const result = importBackup(plain);
    expect(importResultSchema.safeParse(result).success).toBe(true);
    expect(JSON.stringify(result)).not.toContain('"id"');
  });

  it.each([
    ['{', 'badJson'],
    ['{}', 'badBackup'],
    [JSON.stringify({ ...plain, version: 2 }), 'backupNewer'],
    [JSON.stringify({ ...plain, plain: { ...plain, settings: null } }), 'badBackup'],
    // A file that would take 128 GiB of memory to open.
    [printBackup(sealed).replace('32768', '1073741824'), 'badBackup'],
  ])('%.30s: %s', (text, reason) => {
    expect(parseBackup(text)).toMatchObject({ ok: false, error: { reason } });
  });

  it('names where it is wrong', () => {
    const text = printBackup(plain).replace('"port": 1080', '"port": 108000');
    expect(parseBackup(text)).toMatchObject({
      error: { part: 'plain.profiles.0.profile.rules.0.bind.port' },
    });
  });

  it('is not imported while sealed', () => {
    expect(importText(printBackup(sealed))).toMatchObject({ ok: false, error: { reason: 'backupSealed' } });
  });

  it('never throws', () => {
    const value = fc.oneof(
      fc.string(),
      fc.jsonValue().map((json) => JSON.stringify({ ...head, plain: json })),
    );
    fc.assert(
      fc.property(value, (text) => {
        expect(parseBackup(text).ok).toBe(false);
      }),
      { seed: 1, numRuns: 1000 },
    );
  });
});
