import { readFileSync } from 'node:fs';
import { GROUPS, OPTIONS, type OptionSpec } from './argument-table.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { UI_OPTIONS } from './ui-options.ts';

const WIDTH = 80;
/** Column at which explanations start. */
const INDENT = 8;

const EXAMPLES: readonly (readonly [string, string])[] = [
  ['culvert :80 -p password', 'server (default :8100)'],
  ['culvert -L 1080::1080 server:80 -p password', 'port 1080 of the server'],
  ['culvert -w -L 1080:host2:22 server:80 -p password', 'host2, over WebSocket'],
  ['culvert -D 1080 server:80 -p password', 'SOCKS and HTTP proxy'],
  ['culvert -L 5353:8.8.8.8:53/udp server:80 -p password', 'UDP'],
  ['culvert :80 -P /var/www/html', 'web site on the port'],
  ['culvert ui', 'the app in a browser'],
  ['culvert keygen', 'print a new key'],
];

/** The help, generated from the option table: lines of at most 80 columns, examples first. */
export function helpText(version: string): string {
  const command = Math.max(...EXAMPLES.map(([line]) => line.length));
  const lines = [`culvert ${version}: forwards local ports through a server`, ''];
  for (const [line, meaning] of EXAMPLES) {
    const joined = `  ${line.padEnd(command)}  ${meaning}`;
    if (joined.length <= WIDTH) lines.push(joined);
    else lines.push(`  ${line}`, `${' '.repeat(INDENT)}${meaning}`);
  }
  lines.push('', 'With -L or -D culvert is a client, and the address is its server:');
  lines.push('host:port, http://, https://, ws:// or wss://. Without, it is a server, and the');
  lines.push('address is where it listens. Options and address come in any order.');
  for (const group of GROUPS) {
    lines.push('', `${group}:`);
    for (const spec of OPTIONS.filter((option) => option.group === group)) lines.push(...describe(spec));
  }
  lines.push('', 'culvert ui (the app in a browser; it prints the address to open):');
  for (const [name, option] of Object.entries(UI_OPTIONS)) {
    if (name !== 'help')
      lines.push(`  --${name}${option.value ? ` ${option.value}` : ''}`, ...wrap(option.help, INDENT));
  }
  lines.push('', 'Exit codes:');
  for (const { code, help } of Object.values(EXIT_CODES)) lines.push(`  ${code}  ${help}`);
  return `${lines.join('\n')}\n`;
}

/** The package's version: from the nearest package.json above this module, in the sources and when built. */
export function readVersion(): string {
  for (const up of ['../../', '../../../']) {
    try {
      const found: unknown = JSON.parse(readFileSync(new URL(`${up}package.json`, import.meta.url), 'utf8'));
      if (isPackage(found) && found.name === 'culvert') return found.version;
    } catch {
      // Not here: the built module lies one folder deeper than the source.
    }
  }
  return 'unknown';
}

function describe(spec: OptionSpec): string[] {
  const names = [...spec.shorts.map((letter) => `-${letter}`), `--${spec.long}`].join(', ');
  return [`  ${names}${spec.value ? ` ${spec.value}` : ''}`, ...wrap(spec.help, INDENT)];
}

function wrap(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(' '.repeat(indent) + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, ' '.repeat(indent) + line];
}

function isPackage(value: unknown): value is { name: string; version: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    'version' in value &&
    typeof value.name === 'string' &&
    typeof value.version === 'string'
  );
}
