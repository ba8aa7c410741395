#!/usr/bin/env node
// Stands in for fpm, which makes the deb and is loaded from the internet by the builder: lays out the files that it is
// given and has dpkg-deb pack them. As much of its arguments as the builder uses for a deb.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const args = process.argv.slice(2);
/** @type {Record<string, string[]>} */
const options = {};
/** @type {string[]} */
const files = [];
for (let index = 0; index < args.length; index++) {
  const argument = args[index];
  if (argument === '--force' || argument === '--deb-no-default-config-files') continue;
  if (!argument.startsWith('-')) {
    files.push(argument);
    continue;
  }
  options[argument] ??= [];
  options[argument].push(args[++index]);
}
const one = (/** @type {string} */ name) => options[name]?.at(-1) ?? '';
const stage = mkdtempSync(join(tmpdir(), 'culvert-fpm-'));
for (const file of files) {
  const [from, to] = [file.slice(0, file.lastIndexOf('=')), file.slice(file.lastIndexOf('=') + 1)];
  const target = join(stage, to);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(from, target, { recursive: statSync(from).isDirectory() });
}
mkdirSync(join(stage, 'DEBIAN'));
const control = [
  ['Package', one('--name')],
  ['Version', one('--version')],
  ['Architecture', one('--architecture')],
  ['Maintainer', one('--maintainer')],
  ['Homepage', one('--url')],
  ['Depends', (options['-d'] ?? []).join(', ')],
  ['Recommends', (options['--deb-recommends'] ?? []).join(', ')],
  ['Priority', one('--deb-priority')],
  ['Description', one('--description')],
];
const lines = control.filter(([, value]) => value !== '').map(([name, value]) => `${name}: ${value}\n`);
writeFileSync(join(stage, 'DEBIAN/control'), lines.join(''));
for (const [name, option] of [
  ['postinst', '--after-install'],
  ['postrm', '--after-remove'],
]) {
  cpSync(one(option), join(stage, 'DEBIAN', name));
  execFileSync('chmod', ['755', join(stage, 'DEBIAN', name)]);
}
// Small rather than quick is fpm's business.
execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '--build', stage, one('--package')]);
rmSync(stage, { recursive: true, force: true });
