import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateKey } from '../../../src-main/engine/index.ts';
import { confFiles } from '../../../src-main/host/json-document.ts';
import { SecretVault, type SystemSealer, secretNames } from '../../../src-main/host/secret-vault.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'culvert-vault-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = (system?: SystemSealer) => new SecretVault(directory, confFiles(directory), system);
const file = () => readFileSync(join(directory, 'secrets.json'), 'utf8');
const key = generateKey();
const name = secretNames.key('p1');

describe('the vault', () => {
  it('keeps secrets in a file, and tells of them what may be told', async () => {
    await open().change(
      new Map([
        [name, key],
        [secretNames.proxy('p1'), 'pw'],
      ]),
    );
    const vault = open();
    expect(vault.get(name)).toBe(key);
    expect(vault.info(name)).toMatchObject({ kind: 'set', verdict: 'generated', bits: 256 });
    expect(vault.info(secretNames.key('p2'))).toEqual({ kind: 'none' });
    expect(vault.namesOf(secretNames.ofProfile('p1'))).toHaveLength(2);
    await vault.change(new Map([[name, null]]));
    expect(open().has(name)).toBe(false);
  });

  it('seals them by a passphrase, and opens them by it alone', async () => {
    const vault = open();
    await vault.change(new Map([[name, key]]));
    await vault.setStore('passphrase', 'open sesame');
    expect(file()).not.toContain(key);

    const sealed = open();
    expect(sealed.view()).toMatchObject({ store: 'passphrase', locked: true });
    expect(sealed.info(name)).toEqual({ kind: 'locked' });
    expect(() => sealed.get(name)).toThrow(/passphrase/);
    await expect(sealed.change(new Map([[name, 'x']]))).rejects.toMatchObject({
      failure: { code: 'ERR_LOCKED' },
    });
    await expect(sealed.setStore('file')).rejects.toMatchObject({ failure: { code: 'ERR_LOCKED' } });
    await expect(sealed.unlock('open barley')).rejects.toMatchObject({
      failure: { code: 'ERR_BAD_PASSPHRASE' },
    });
    await sealed.unlock('open sesame');
    expect(sealed.get(name)).toBe(key);

    // What is added while it is open is sealed too, each time under another nonce.
    const before = file();
    await sealed.change(new Map([[secretNames.proxy('p1'), 'pw-plain']]));
    expect(file()).not.toContain('pw-plain');
    expect(JSON.parse(file()).sealed.nonce).not.toBe(JSON.parse(before).sealed.nonce);
    await sealed.setStore('file');
    expect(open().get(name)).toBe(key);
  });

  it('does not open what was changed', async () => {
    const vault = open();
    await vault.change(new Map([[name, key]]));
    await vault.setStore('passphrase', 'x');
    const document = JSON.parse(file());
    const data = Buffer.from(document.sealed.data, 'base64url');
    data[3] ^= 1;
    document.sealed.data = data.toString('base64url');
    writeFileSync(join(directory, 'secrets.json'), JSON.stringify(document));
    await expect(open().unlock('x')).rejects.toMatchObject({ failure: { code: 'ERR_BAD_PASSPHRASE' } });
  });

  it('uses the system’s keyring where there is one, and survives one that is another', async () => {
    const flip = (bytes: Buffer) => Buffer.from(bytes.map((byte) => byte ^ 0x5a));
    const system: SystemSealer = {
      seal: (text) => flip(Buffer.from(text)),
      unseal: (data) => flip(data).toString(),
    };
    await open(system).change(new Map([[name, key]]));
    expect(file()).not.toContain(key);
    expect(open(system).get(name)).toBe(key);
    expect(open(system).view()).toMatchObject({ store: 'system', offers: ['system', 'file', 'passphrase'] });
    const refusing: SystemSealer = {
      ...system,
      unseal: () => {
        throw new Error('the keyring is locked');
      },
    };
    const sealed = file();
    const foreign = open(refusing);
    expect(foreign).toMatchObject({ locked: false, unreadable: true });
    expect(foreign.get(name)).toBeUndefined();
    // Nothing is written by looking: the old keyring still opens it.
    expect(file()).toBe(sealed);
    expect(open(system).get(name)).toBe(key);
    await expect(open().setStore('system')).rejects.toMatchObject({ failure: { code: 'ERR_UNSUPPORTED' } });
    await foreign.change(new Map([[name, key]]));
    expect(foreign.unreadable).toBe(false);
    const aside = readdirSync(directory).filter((entry) => entry.includes('.unreadable-'));
    expect(aside.map((entry) => readFileSync(join(directory, entry), 'utf8'))).toEqual([sealed]);
  });

  it('lets a person choose where there is no keyring, and remembers it', async () => {
    const choosing = (): SecretVault => new SecretVault(directory, confFiles(directory), undefined, true);
    expect(choosing().view()).toMatchObject({ store: 'file', mustChoose: true, locked: false });
    await choosing().change(new Map([[name, key]]));
    expect(choosing().view().mustChoose).toBe(true);
    await choosing().setStore('file');
    expect(choosing().view().mustChoose).toBe(false);
    expect(choosing().get(name)).toBe(key);
    expect(open().view().mustChoose).toBe(false);
  });

  it('sets a broken file aside', () => {
    writeFileSync(join(directory, 'secrets.json'), '{"store":');
    expect(open()).toMatchObject({ origin: 'none', setAside: expect.stringContaining('secrets.broken-') });
  });
});
