import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openKeyring } from '../../../src-main/shell/keyring.ts';
import { keyringDouble } from '../../shell/electron-double.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'culvert-keyring-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));
const path = (): string => join(directory, 'keyring.json');

describe('the keyring', () => {
  it('opens what it sealed, in another run too', async () => {
    const first = await openKeyring(keyringDouble(), path(), 'linux');
    const data = first?.seal('secret');
    expect(data?.toString('latin1')).not.toContain('secret');
    expect(readFileSync(path(), 'utf8')).not.toContain('secret');
    const second = await openKeyring(keyringDouble(), path(), 'linux');
    expect(second?.unseal(data ?? Buffer.alloc(0))).toBe('secret');
    expect(() => second?.unseal(Buffer.from('short'))).toThrow();
  });

  it('refuses what was changed', async () => {
    const keyring = await openKeyring(keyringDouble(), path(), 'darwin');
    const data = keyring?.seal('secret') ?? Buffer.alloc(0);
    data[data.length - 1] ^= 1;
    expect(() => keyring?.unseal(data)).toThrow();
  });

  it('writes nothing before something is sealed, and keeps what another machine sealed', async () => {
    const home = await openKeyring(keyringDouble(), path(), 'linux');
    const data = home?.seal('secret') ?? Buffer.alloc(0);
    const before = readFileSync(path(), 'utf8');
    const away = await openKeyring(keyringDouble({ secret: 1 }), path(), 'linux');
    expect(() => away?.unseal(data)).toThrow();
    expect(readFileSync(path(), 'utf8')).toBe(before);
    away?.seal('another');
    expect(readdirSync(directory).filter((name) => name.startsWith('keyring.unreadable-'))).toHaveLength(1);
  });

  it('seals its key anew when the system asks for it', async () => {
    const data = (await openKeyring(keyringDouble(), path(), 'linux'))?.seal('secret') ?? Buffer.alloc(0);
    const storage = keyringDouble();
    let sealed = 0;
    const stale = {
      ...storage,
      encryptStringAsync: async (text: string) => {
        sealed++;
        return storage.encryptStringAsync(text);
      },
      decryptStringAsync: async (bytes: Buffer) => ({
        ...(await storage.decryptStringAsync(bytes)),
        shouldReEncrypt: true,
      }),
    };
    expect((await openKeyring(stale, path(), 'linux'))?.unseal(data)).toBe('secret');
    expect(sealed).toBe(1);
  });

  it('is none without a keyring, or with the one whose password everybody knows', async () => {
    expect(await openKeyring(keyringDouble({ available: false }), path(), 'linux')).toBeUndefined();
    expect(await openKeyring(keyringDouble({ backend: 'basic_text' }), path(), 'linux')).toBeUndefined();
    expect(await openKeyring(keyringDouble({ backend: 'basic_text' }), path(), 'win32')).toBeDefined();
  });
});
