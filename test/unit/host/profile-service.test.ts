import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { generateKey } from '../../../src-main/engine/index.ts';
import { confFiles, type OpenJsonFile } from '../../../src-main/host/json-document.ts';
import { newDraft } from '../../../src-shared/profile.ts';
import { failureOf, type HostClient, HostRig } from '../../support/host-rig.ts';

/** A disk that is full from some moment on, for one of the files. */
let full = '';
let directory: string;
let rig: HostRig;
let client: HostClient;
beforeEach(() => {
  full = '';
  directory = mkdtempSync(join(tmpdir(), 'culvert-profiles-'));
  const real = confFiles(directory);
  const files: OpenJsonFile = (name) => {
    const file = real(name);
    return {
      path: file.path,
      write: (value) => {
        if (name === full) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
        file.write(value);
      },
    };
  };
  rig = new HostRig({ directory, files });
  client = rig.overPort();
});
afterEach(async () => {
  await rig.close();
  rmSync(directory, { recursive: true, force: true });
});

const key = generateKey();
const server = { scheme: 'http' as const, host: 'a.example', port: 80, path: '/' };
const draftWith = (text: string) =>
  newDraft({ server, secrets: { key: { kind: 'set', text }, proxyPassword: { kind: 'keep' } } });
const keyOf = (id: string) => client.profiles.reveal({ id, secret: { kind: 'key' } });

it.each(['config', 'secrets'])('a profile keeps its key when %s.json cannot be written', async (name) => {
  const { id } = await client.profiles.create({ draft: draftWith(key) });
  full = name;
  if (name === 'config') {
    expect((await failureOf(client.profiles.remove({ ids: [id] }))).code).toBe('ERR_STORE');
    expect(rig.host.hub.state.order).toEqual([id]);
  }
  const draft = {
    ...draftWith(key),
    secrets: { key: { kind: 'remove' as const }, proxyPassword: { kind: 'keep' as const } },
  };
  expect((await failureOf(client.profiles.update({ id, revision: 1, draft }))).code).toBe('ERR_STORE');
  expect(await keyOf(id)).toEqual({ text: key });
  expect((await failureOf(client.profiles.create({ draft: draftWith(generateKey()) }))).code).toBe(
    'ERR_STORE',
  );
  expect(rig.host.hub.state.order).toEqual([id]);
  // What was saved is what is shown.
  const { revision } = rig.host.config.profile(id);
  expect(rig.host.hub.state.profiles[id].revision).toBe(revision);
  full = '';
  const undo = await client.profiles.remove({ ids: [id] });
  expect(rig.host.vault.texts()).not.toContain(key);
  await client.undo.run({ token: undo.token });
  expect(await keyOf(id)).toEqual({ text: key });
});
