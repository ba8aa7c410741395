import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { findProgram, freePort, portAccepts, temporaryFolder } from '../bench/rig.ts';
import { type CulvertLab, HOST, until } from './culvert-process.ts';

/** A program, or an error that says which Debian package has it. */
export function need(name: string, debian: string, ...elsewhere: string[]): string {
  const found = [name, ...elsewhere].map(findProgram).find((file) => file !== undefined);
  if (found === undefined) throw new Error(`${name} is missing: apt-get install ${debian}`);
  return found;
}

export interface Sshd {
  readonly port: number;
  /** For files of the test. */
  readonly folder: string;
  /** What ssh, scp and sftp need to log in. */
  readonly common: readonly string[];
}

/** A real sshd on loopback for the user who runs the test, until the lab closes. */
export async function startSshd(lab: CulvertLab): Promise<Sshd> {
  const sshd = need('sshd', 'openssh-server', '/usr/sbin/sshd', '/usr/local/sbin/sshd');
  const keygen = need('ssh-keygen', 'openssh-client');
  const temporary = temporaryFolder();
  lab.onClose(() => temporary.remove());
  const folder = temporary.path;
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
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'IdentitiesOnly=yes'];
  const common = [
    ...['-F', '/dev/null', '-i', join(folder, 'user_key')],
    ...[...options, 'BatchMode=yes', 'LogLevel=ERROR'].flatMap((option) => ['-o', option]),
  ];
  return { port, folder, common };
}
