import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CulvertLab, HOST } from '../support/culvert-process.ts';
import { KnownBytes } from '../support/known-bytes.ts';
import { need, startSshd } from '../support/sshd.ts';

const lab = new CulvertLab();
afterAll(() => lab.close());

const FILE_BYTES = 20_000_000;
let folder = '';
let forward = 0;
let common = (): string[] => [];

beforeAll(async () => {
  const sshd = await startSshd(lab);
  folder = sshd.folder;
  common = () => [...sshd.common];
  forward = (await lab.forward([sshd.port])).ports[0];
}, 30_000);

function run(program: string, args: readonly string[]): Promise<{ code: number; out: Buffer; err: string }> {
  return new Promise((resolve) => {
    const how = { encoding: 'buffer', maxBuffer: 64 << 20, timeout: 30_000 } as const;
    execFile(program, args, how, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err: err.toString() });
    });
  });
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

it('ssh runs a command through a forward, with its output and exit code', async () => {
  const target = `${userInfo().username}@${HOST}`;
  const ssh = need('ssh', 'openssh-client');
  const result = await run(ssh, [...common(), '-p', String(forward), target, 'echo through; exit 7']);
  expect([result.code, result.out.toString(), result.err]).toEqual([7, 'through\n', '']);
});

it('scp copies 20 MB there and back', async () => {
  const data = new KnownBytes(20).next(FILE_BYTES);
  const [here, there, back] = ['here', 'there', 'back'].map((name) => join(folder, name));
  writeFileSync(here, data);
  const scp = need('scp', 'openssh-client');
  const remote = `${userInfo().username}@${HOST}:${there}`;
  const up = await run(scp, [...common(), '-P', String(forward), here, remote]);
  expect([up.code, up.err]).toEqual([0, '']);
  expect(sha256(readFileSync(there))).toBe(sha256(data));
  const down = await run(scp, [...common(), '-P', String(forward), remote, back]);
  expect([down.code, down.err]).toEqual([0, '']);
  expect(sha256(readFileSync(back))).toBe(sha256(data));
}, 60_000);
