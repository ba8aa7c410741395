import { CulvertError } from '../../src-main/engine/base/errors.ts';
import { TRANSPORT_SWITCHES, type Transport } from '../bench/culvert.ts';
import { badFlag, lastValue, parseCount, parseDuration, parseFlags } from '../bench/flags.ts';

export interface StressOptions {
  readonly conns: number;
  /** Messages per connection. */
  readonly msgs: number;
  /** Bytes per message. */
  readonly size: number;
  readonly durationMs: number;
  readonly transport: Transport;
  /** More words for the command lines of Culvert's server and client. */
  readonly serverArgs: readonly string[];
  readonly clientArgs: readonly string[];
}

export const STRESS_DEFAULTS: StressOptions = {
  conns: 100,
  msgs: 10_000,
  size: 1024,
  durationMs: 30_000,
  transport: 'ws',
  serverArgs: [],
  clientArgs: [],
};

/** The identity at the head of each message: connection and number, 4 bytes each. */
export const MIN_SIZE = 8;
const MAX_SIZE = 16 * 1024 * 1024;

export const STRESS_USAGE = `npm run stress -- [flags]
  --conns=100           WebSocket connections through the forward
  --msgs=10000          messages on each
  --size=1024           bytes of each message
  --duration=30s        ends after this time at the latest (500ms, 30s, 2m, 1h)
  --transport=ws        the carrier: ${Object.keys(TRANSPORT_SWITCHES).join(', ')}
  --server-args='...'   more words for Culvert's server, such as '-T 1000000'
  --client-args='...'   the same for its client`;

/**
 * @returns undefined when help is asked for
 * @throws {CulvertError} ERR_BAD_OPTION, with an example
 */
export function parseStressOptions(argv: readonly string[]): StressOptions | undefined {
  const known = ['conns', 'msgs', 'size', 'duration', 'transport', 'server-args', 'client-args'];
  const parsed = parseFlags(argv, known, ['help', 'h']);
  if (parsed.flags.has('help') || parsed.flags.has('h')) return undefined;
  if (parsed.positionals.length > 0) {
    throw badFlag(`what is "${parsed.positionals[0]}"? flags begin with --`, '--conns=200');
  }
  const count = (name: string, fallback: number, min: number, max: number): number => {
    const text = lastValue(parsed, name);
    return text === undefined ? fallback : parseCount(name, text, min, max);
  };
  const words = (name: string): string[] => (lastValue(parsed, name) ?? '').split(/\s+/).filter(Boolean);
  const duration = lastValue(parsed, 'duration');
  return {
    conns: count('conns', STRESS_DEFAULTS.conns, 1, 60_000),
    msgs: count('msgs', STRESS_DEFAULTS.msgs, 1, 1_000_000_000),
    size: count('size', STRESS_DEFAULTS.size, MIN_SIZE, MAX_SIZE),
    durationMs: duration === undefined ? STRESS_DEFAULTS.durationMs : parseDuration('duration', duration),
    transport: parseTransport(lastValue(parsed, 'transport') ?? STRESS_DEFAULTS.transport),
    serverArgs: words('server-args'),
    clientArgs: words('client-args'),
  };
}

function isTransport(name: string): name is Transport {
  return Object.hasOwn(TRANSPORT_SWITCHES, name);
}

function parseTransport(name: string): Transport {
  if (isTransport(name)) return name;
  throw new CulvertError('ERR_BAD_OPTION', `--transport: there is no "${name}" in this version`, {
    remedy: `there is: ${Object.keys(TRANSPORT_SWITCHES).join(', ')}; example: --transport=ws`,
  });
}
