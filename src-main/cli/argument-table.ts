import { nearest } from './nearest.ts';

/** Headings of the help text, in its order. */
export const GROUPS = ['Forwards', 'Key', 'Transport', 'Server', 'Limits', 'General'] as const;
export type Group = (typeof GROUPS)[number];

/** What an option decides. Options that share a slot decide the same thing: the last one given wins. */
export type Slot =
  | 'address'
  | 'local'
  | 'dynamic'
  | 'proxyAuth'
  | 'key'
  | 'keyFile'
  | 'transport'
  | 'path'
  | 'header'
  | 'ca'
  | 'proxy'
  | 'host'
  | 'sni'
  | 'userAgent'
  | 'noMemory'
  | 'cover'
  | 'udp'
  | 'writeBuffer'
  | 'throttle'
  | 'timeout'
  | 'verbosity'
  | 'config'
  | 'help'
  | 'version';

/** One option: its names, what it takes, and what the help and the messages say of it. */
export interface OptionSpec {
  /** Without the dashes. The same name, in kebab-case or camelCase, is the property of a config file. */
  readonly long: string;
  /** Single letters. */
  readonly shorts: readonly string[];
  /** Other names: after `--` and in a config file. */
  readonly aliases?: readonly string[];
  /** How the help names the value; undefined for a switch. */
  readonly value?: string;
  /** May be given more than once, each adding to the others. */
  readonly repeatable?: true;
  /** The value never appears in a message. */
  readonly secret?: true;
  /** Not a property of a config file. */
  readonly commandLineOnly?: true;
  /** The one role in which it does something; undefined for both. */
  readonly role?: 'client' | 'server';
  readonly slot: Slot;
  readonly group: Group;
  readonly help: string;
  /** A whole command line that uses it rightly: the remedy of its errors. */
  readonly example: string;
}

/** Every option of the command line: flags, config properties, help and messages all come from here. */
export const OPTIONS: readonly OptionSpec[] = [
  {
    long: 'local',
    shorts: ['L'],
    value: '[bind:]port:host:hostport[/udp]',
    repeatable: true,
    role: 'client',
    slot: 'local',
    group: 'Forwards',
    help:
      'Forward a local port to host:hostport, reached from the server. An empty host is the server itself; ' +
      '"-L port" and "-L bind:port" mean the same port there. Listens on 127.0.0.1 unless bind is given ' +
      '("*" for every interface). Local port 0 takes any free port. "/udp" forwards datagrams. Repeatable.',
    example: 'culvert -L 1080::1080 server:80 -p password',
  },
  {
    long: 'dynamic',
    shorts: ['D'],
    value: '[bind:]port',
    repeatable: true,
    role: 'client',
    slot: 'dynamic',
    group: 'Forwards',
    help: 'Local SOCKS5 (UDP too), SOCKS4, SOCKS4a and HTTP proxy on one port. Repeatable.',
    example: 'culvert -D 1080 server:80 -p password',
  },
  {
    long: 'proxy-auth',
    shorts: [],
    value: 'user:password',
    secret: true,
    role: 'client',
    slot: 'proxyAuth',
    group: 'Forwards',
    help: 'What the programs that use a dynamic port must give.',
    example: 'culvert -D 1080 --proxy-auth user:secret server:80 -p password',
  },
  {
    long: 'key',
    shorts: ['p', 'k'],
    aliases: ['password'],
    value: 'key',
    secret: true,
    slot: 'key',
    group: 'Key',
    help:
      'The key, the same on both sides: what "culvert keygen" prints, or a passphrase. Order: -p, --key-file, ' +
      'the variable CULVERT_KEY, the config file. A server without a key makes one for the run.',
    example: 'culvert -D 1080 server:80 -p password',
  },
  {
    long: 'key-file',
    shorts: [],
    value: 'file',
    slot: 'keyFile',
    group: 'Key',
    help: 'Read the key from a file of one line.',
    example: 'culvert -D 1080 server:80 --key-file culvert.key',
  },
  {
    long: 'websocket',
    shorts: ['w'],
    slot: 'transport',
    group: 'Transport',
    help: 'Use WebSocket instead of plain HTTP. A server takes every transport, with or without it.',
    example: 'culvert -w -D 1080 server:80 -p password',
  },
  {
    long: 'kcp',
    shorts: ['K'],
    slot: 'transport',
    group: 'Transport',
    help: 'Use KCP over UDP, fast where packets get lost. A server takes it at the UDP port of the same number too.',
    example: 'culvert -K -D 1080 server:80 -p password',
  },
  {
    long: 'transport',
    shorts: [],
    value: 'auto|http|ws|kcp',
    slot: 'transport',
    group: 'Transport',
    help:
      'The same by name; "auto" takes the best that works, and moves the connections when another becomes the ' +
      'best. Without any of these: http, or ws where the address begins with ws:// or wss://.',
    example: 'culvert --transport auto -D 1080 server:80 -p password',
  },
  {
    long: 'path',
    shorts: ['U'],
    value: 'path',
    role: 'client',
    slot: 'path',
    group: 'Transport',
    help: 'The URL path that the requests go to; a server takes any.',
    example: 'culvert -U /assets -D 1080 server:80 -p password',
  },
  {
    long: 'header',
    shorts: ['H'],
    aliases: ['headers'],
    value: '"Name: value"',
    repeatable: true,
    role: 'client',
    slot: 'header',
    group: 'Transport',
    help: 'Another request header; "Name=value" is read too. Repeatable.',
    example: 'culvert -H "Host: cdn.example" -D 1080 server:80 -p password',
  },
  {
    long: 'ca',
    shorts: [],
    value: 'file',
    role: 'client',
    slot: 'ca',
    group: 'Transport',
    help: 'Trust the certificate authorities in this PEM file, for https:// and wss://.',
    example: 'culvert --ca ca.pem -D 1080 wss://server -p password',
  },
  {
    long: 'proxy',
    shorts: [],
    value: 'url',
    secret: true,
    role: 'client',
    slot: 'proxy',
    group: 'Transport',
    help:
      'Reach the server through this proxy: http://user:secret@host:port, socks5://host:port, or "none". Without ' +
      'it the variables http_proxy, https_proxy, all_proxy and no_proxy count, except for this machine itself.',
    example: 'culvert --proxy http://user:secret@proxy:3128 -D 1080 server:80 -p password',
  },
  {
    long: 'host',
    shorts: [],
    value: 'name[:port]',
    role: 'client',
    slot: 'host',
    group: 'Transport',
    help: 'Say this in the Host header instead of the server address.',
    example: 'culvert --host cdn.example -D 1080 server:80 -p password',
  },
  {
    long: 'sni',
    shorts: [],
    value: 'name',
    role: 'client',
    slot: 'sni',
    group: 'Transport',
    help: 'Ask for this name in TLS, and expect it in the certificate, for https:// and wss://.',
    example: 'culvert --sni cdn.example -D 1080 https://server -p password',
  },
  {
    long: 'user-agent',
    shorts: [],
    value: 'text',
    role: 'client',
    slot: 'userAgent',
    group: 'Transport',
    help: 'The User-Agent header (that of a common browser).',
    example: 'culvert --user-agent "Mozilla/5.0" -D 1080 server:80 -p password',
  },
  {
    long: 'no-memory',
    shorts: [],
    role: 'client',
    slot: 'noMemory',
    group: 'Transport',
    help:
      'Do not keep what HTTP learns about the way to the server in this network (limits, cuts, streams) for the next ' +
      'run, and do not use what is kept.',
    example: 'culvert --no-memory -D 1080 server:80 -p password',
  },
  {
    long: 'cover',
    shorts: ['P'],
    value: 'url|directory',
    role: 'server',
    slot: 'cover',
    group: 'Server',
    help: 'The site that everybody else sees on the port: a proxied http(s):// URL or a directory of files.',
    example: 'culvert :80 -P http://127.0.0.1:8080',
  },
  {
    long: 'udp',
    shorts: [],
    value: '[host]:port',
    role: 'server',
    slot: 'udp',
    group: 'Server',
    help: 'Take KCP at this UDP address instead of that of -K.',
    example: 'culvert :80 --udp :443 -p password',
  },
  {
    long: 'write-buffer',
    shorts: ['W'],
    value: 'bytes',
    slot: 'writeBuffer',
    group: 'Limits',
    help: 'Most bytes buffered per connection, 4096 to 1g (1048576). Accepts 64k, 1m, 1MiB; k is 1024.',
    example: 'culvert -W 1048576 -D 1080 server:80 -p password',
  },
  {
    long: 'throttle',
    shorts: ['T'],
    value: 'bytes',
    slot: 'throttle',
    group: 'Limits',
    help: 'Most bytes per second, each way (0: no limit). Accepts 500k, 2m.',
    example: 'culvert -T 2m -D 1080 server:80 -p password',
  },
  {
    long: 'timeout',
    shorts: ['t'],
    value: 'seconds',
    slot: 'timeout',
    group: 'Limits',
    help:
      'Close a connection on which nothing moves, and give up dialling, after this; 0 to 86400, 0 never closes. ' +
      'Without it: dialling 20 seconds, idle never, UDP 2 minutes.',
    example: 'culvert -t 60 -D 1080 server:80 -p password',
  },
  {
    long: 'config',
    shorts: ['c'],
    value: 'file',
    commandLineOnly: true,
    slot: 'config',
    group: 'General',
    help: 'JSON file of the same options by their long names. The command line overrides it.',
    example: 'culvert -c culvert.json',
  },
  {
    long: 'verbose',
    shorts: ['v'],
    slot: 'verbosity',
    group: 'General',
    help: 'Print the counters every 5 seconds; -vv also says more, -vvv everything.',
    example: 'culvert -v :80 -p password',
  },
  {
    long: 'quiet',
    shorts: ['q'],
    slot: 'verbosity',
    group: 'General',
    help: 'Say only what went wrong.',
    example: 'culvert -q :80 -p password',
  },
  {
    long: 'help',
    shorts: ['h'],
    commandLineOnly: true,
    slot: 'help',
    group: 'General',
    help: 'Print this help.',
    example: 'culvert --help',
  },
  {
    long: 'version',
    shorts: ['V'],
    commandLineOnly: true,
    slot: 'version',
    group: 'General',
    help: 'Print the version.',
    example: 'culvert --version',
  },
];

/** One value as somebody gave it, before it is understood. */
export interface RawItem {
  readonly slot: Slot;
  /** Undefined for the positional address. */
  readonly option: OptionSpec | undefined;
  /** Undefined for a switch, and for a `-D` that nothing follows. */
  readonly text: string | undefined;
  /** How a message names it: `-L`, `"local" (culvert.json line 3)`. */
  readonly label: string;
  readonly from: 'command line' | 'config';
  /** The directory that a relative file name in it starts from; undefined for the working directory. */
  readonly directory?: string;
}

const byLong = new Map(
  OPTIONS.flatMap((spec) => [spec.long, ...(spec.aliases ?? [])].map((name) => [name, spec])),
);
const byShort = new Map(OPTIONS.flatMap((spec) => spec.shorts.map((letter) => [letter, spec])));

export function optionByLong(name: string): OptionSpec | undefined {
  return byLong.get(name);
}

export function optionByShort(letter: string): OptionSpec | undefined {
  return byShort.get(letter);
}

/** The long name at an edit distance of at most 2, if there is one. */
export function nearestLong(name: string): string | undefined {
  return nearest(name, [...byLong.keys()]);
}
