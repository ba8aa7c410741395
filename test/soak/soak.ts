import { CulvertError, describeError } from '../../src-main/engine/base/errors.ts';
import { badFlag, lastValue, parseCount, parseFlags } from '../bench/flags.ts';
import { runSoak, type SoakOptions } from './run-soak.ts';

const USAGE = `npm run soak -- [flags]: kills carriers under checked streams, and measures how soon these move again
  --kills=10000        how many times
  --transport=ws       auto, ws or http
  --idle=50 --busy=4   connections that rest, and that always move data
  --every=100          ms from the network's return to the next kill: up to twice as much at random
  --steady             exactly as much
  --outage=1000        longest time without a network after a kill, ms; half of the kills have none
  --tell=0             tells the log since the kill where that took longer, ms
  --seed=1             of everything random`;

function parse(argv: readonly string[]): SoakOptions | undefined {
  const parsed = parseFlags(
    argv,
    ['kills', 'transport', 'idle', 'busy', 'every', 'outage', 'tell', 'seed'],
    ['steady', 'help', 'h'],
  );
  if (parsed.flags.has('help') || parsed.flags.has('h')) return undefined;
  if (parsed.positionals.length > 0)
    throw badFlag(`what is "${parsed.positionals[0]}"? flags begin with --`, '--kills=1000');
  const count = (name: string, fallback: number, min: number, max: number): number => {
    const text = lastValue(parsed, name);
    return text === undefined ? fallback : parseCount(name, text, min, max);
  };
  return {
    kills: count('kills', 10_000, 1, 10_000_000),
    seed: count('seed', 1, 0, 2 ** 31),
    transport: transportOf(lastValue(parsed, 'transport') ?? 'ws'),
    idle: count('idle', 50, 0, 10_000),
    busy: count('busy', 4, 0, 1_000),
    everyMs: count('every', 100, 1, 3_600_000),
    steady: parsed.flags.has('steady'),
    outageMs: count('outage', 1000, 0, 3_600_000),
    tellMs: count('tell', 0, 0, 3_600_000),
  };
}

function transportOf(name: string): SoakOptions['transport'] {
  if (name === 'auto' || name === 'ws' || name === 'http') return name;
  throw new CulvertError('ERR_BAD_OPTION', `--transport: there is no "${name}"`, {
    remedy: 'there is: auto, ws, http; example: --transport=auto',
  });
}

try {
  const options = parse(process.argv.slice(2));
  if (options === undefined) console.log(USAGE);
  else {
    const result = await runSoak(options, (line) => console.log(line));
    const { kills, wrong, bytes, resumes, resentBytes, backMs, seconds, sessionLost } = result;
    const total = Object.values(kills).reduce((sum, count) => sum + count, 0);
    console.log(`${total} kills in ${seconds.toFixed(0)} s: ${JSON.stringify(kills)}`);
    console.log(
      `${(bytes / 2 ** 20).toFixed(0)} MiB compared; ${resumes} resumes, ${(resentBytes / 2 ** 20).toFixed(0)} MiB sent again`,
    );
    console.log(
      `streams move again after p50 ${backMs.p50.toFixed(1)}, p99 ${backMs.p99.toFixed(1)}, at most ${backMs.max.toFixed(1)} ms`,
    );
    console.log(
      `  the slowest of each kind: ${Object.entries(result.slowestMs)
        .map(([kind, ms]) => `${kind} ${ms.toFixed(1)}`)
        .join(', ')}`,
    );
    for (const text of wrong.slice(0, 20)) console.log(`WRONG: ${text}`);
    if (sessionLost) console.log('WRONG: the session was lost');
    const ok = wrong.length === 0 && !sessionLost;
    console.log(ok ? 'every byte once, every stream alive' : 'FAILED');
    process.exitCode = ok ? 0 : 1;
  }
} catch (error) {
  console.error(`soak: ${describeError(error)}`);
  process.exitCode = 1;
}
