/**
 * The system's keyring for the host's vault. Electron's safeStorage is asked asynchronously, and once: it seals a random
 * key, which lies beside the vault, and that key seals the secrets (AES-256-GCM).
 *
 * ```
 * keyring.json   the data key, sealed by safeStorage (Keychain, DPAPI, libsecret, KWallet)
 * secrets.json   the secrets, sealed by the data key
 * ```
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';
import { makeDirectory } from '../host/make-directory.ts';
import type { SystemSealer } from '../host/secret-vault.ts';
import type { SafeStorageSlice } from './electron-api.ts';

const KEY_BYTES = 32;
/** NIST SP 800-38D: 96-bit nonce, 128-bit tag. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const fileSchema = z.strictObject({ version: z.literal(1), key: z.string().max(8_192) });

/** undefined: there is no keyring here, so the host lets a person choose another way. */
export async function openKeyring(
  storage: SafeStorageSlice,
  path: string,
  platform: NodeJS.Platform,
): Promise<SystemSealer | undefined> {
  if (!(await isThere(storage, platform))) return undefined;
  const text = read(path);
  const opened = text === undefined ? undefined : await openKey(storage, text);
  if (opened !== undefined) {
    if (opened.stale) write(path, await wrap(storage, opened.key));
    return sealer(opened.key, () => {});
  }
  // None yet, or one of another machine or user, which is kept: its keyring may come back.
  const key = randomBytes(KEY_BYTES);
  const wrapped = await wrap(storage, key);
  let written = false;
  return sealer(key, () => {
    if (written) return;
    if (text !== undefined) renameSync(path, aside(path));
    write(path, wrapped);
    written = true;
  });
}

async function isThere(storage: SafeStorageSlice, platform: NodeJS.Platform): Promise<boolean> {
  try {
    // Chromium's fallback on Linux seals with a password that everybody knows.
    if (platform === 'linux' && storage.getSelectedStorageBackend() === 'basic_text') return false;
    return await storage.isAsyncEncryptionAvailable();
  } catch {
    return false;
  }
}

async function openKey(
  storage: SafeStorageSlice,
  text: string,
): Promise<{ key: Buffer; stale: boolean } | undefined> {
  try {
    const file = fileSchema.parse(JSON.parse(text));
    const opened = await storage.decryptStringAsync(Buffer.from(file.key, 'base64'));
    const key = Buffer.from(opened.result, 'base64');
    return key.length === KEY_BYTES ? { key, stale: opened.shouldReEncrypt } : undefined;
  } catch {
    return undefined;
  }
}

async function wrap(storage: SafeStorageSlice, key: Buffer): Promise<string> {
  const sealed = await storage.encryptStringAsync(key.toString('base64'));
  return JSON.stringify({ version: 1, key: sealed.toString('base64') });
}

function sealer(key: Buffer, beforeFirst: () => void): SystemSealer {
  return {
    seal: (text) => {
      beforeFirst();
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    },
    unseal: (data) => {
      if (data.length < NONCE_BYTES + TAG_BYTES) throw new Error('sealed data is cut');
      const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAuthTag(data.subarray(-TAG_BYTES));
      const body = data.subarray(NONCE_BYTES, -TAG_BYTES);
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
    },
  };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function write(path: string, text: string): void {
  makeDirectory(dirname(path));
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, text, { mode: 0o600, flush: true });
  renameSync(temporary, path);
}

function aside(path: string): string {
  const stamp = new Date().toISOString().replace(/[:.]/g, '-');
  return path.replace(/\.json$/, `.unreadable-${stamp}.json`);
}
