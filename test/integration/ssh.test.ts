import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findProgram, freePort, portAccepts, temporaryFolder } from '../bench/rig.ts';
import { CulvertLab, HOST, until } from '../support/culvert-process.ts';
import { KnownBytes } from '../support/known-bytes.ts';

const lab = new CulvertLab();
afterAll(() => lab.close());

const FILE_BYTES = 20_000_000;
let folder = '';
let forward = 0;
const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'IdentitiesOnly=yes'];
const common = (): string[] => [
  ...['-F', '/dev/null', '-i', join(folder, 'user_key')],
  ...[...options, 'BatchMode=yes', 'LogLevel=ERROR'].flatMap((option) => ['-o', option]),
];

function need(name: string, debian: string, ...elsewhere: string[]): string {
  const found = [name, ...elsewhere].map(findProgram).find((file) => file !== undefined);
  if (found === undefined) throw new Error(`${name} is missing: apt-get install ${debian}`);
  return found;
}

beforeAll(async () => {
  const sshd = need('sshd', 'openssh-server', '/usr/sbin/sshd', '/usr/local/sbin/sshd');
  const keygen = need('ssh-keygen', 'openssh-client');
  const temporary = temporaryFolder();
  lab.onClose(() => temporary.remove());
  folder = temporary.path;
  for (const name of ['host_key', 'user_key']) {
    execFileSync(keygen, ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
  }
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const port = await freePort();
  const settings = [
    `ListenAddress=${HOST}`,
    `AuthorizedKeysFile=${join(folder, 'user_key.pub')}`,
    'StrictModes=no',
    'UsePAM=no',
    'PidFile=none',
    'Subsystem=sftp internal-sftp',
  ];
  const words = ['-D', '-e', '-f', '/dev/null', '-h', join(folder, 'host_key'), '-p', String(port)];
  lab.program(sshd, [...words, ...settings.flatMap((setting) => ['-o', setting])]);
  await until('sshd accepts', () => portAccepts(port));
  forward = (await lab.forward([port])).ports[0];
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
