import { CulvertError } from '../../src-main/engine/base/errors.ts';
import { allValues, badFlag, lastValue, parseCount, parseFlags } from './flags.ts';

/** The suites there are; `all` runs each. */
export const SUITES = ['ws', 'http', 'kcp'] as const;
export type Suite = (typeof SUITES)[number];

export interface BenchOptions {
  readonly suites: readonly Suite[];
  readonly runs: number;
  /** Length of one sample. */
  readonly seconds: number;
  /** Node binaries to run Culvert with. */
  readonly nodes: readonly string[];
  /** Where the JSON goes; undefined for test/bench/results/SUITE.json. */
  readonly json: string | undefined;
  readonly writeReadme: boolean;
  readonly memory: boolean;
  /** The reference's ikcp.c, to run beside Culvert. */
  readonly ikcp: string | undefined;
  /** ws, kcp: words, of which a measure's id or a step's name must have one; none = all. */
  readonly only: readonly string[];
  /** kcp: the figures of the JSON there is stay, and these are further samples. */
  readonly add: boolean;
}

export const BENCH_USAGE = `npm run bench -- [ws|http|kcp|all] [flags]
  --runs=5          runs of each measure; the median is reported
  --seconds=2       length of one sample
  --node=PATH       Node to run Culvert with; give it again to compare several (default: this one)
  --json=PATH       where to write the figures (default: test/bench/results/SUITE.json)
  --write-readme    put the table into README.md
  --no-memory       leave out idle memory
  --ikcp=PATH       kcp: the reference's ikcp.c, to run beside Culvert
  --only=WORD       ws: only measures with the word in their id, such as down1, rtt, conn;
                    kcp: only the steps with the word in their name, such as "5% culvert -K", share, echo, loopback
  --add             kcp: add to the figures in the JSON file instead of replacing them`;

/**
 * @param defaultNode used when no `--node` is given
 * @returns undefined when help is asked for
 * @throws {CulvertError} ERR_BAD_OPTION
 */
export function parseBenchOptions(argv: readonly string[], defaultNode: string): BenchOptions | undefined {
  const known = ['runs', 'seconds', 'node', 'json', 'ikcp', 'only'];
  const parsed = parseFlags(argv, known, ['write-readme', 'no-memory', 'add', 'help', 'h']);
  if (parsed.flags.has('help') || parsed.flags.has('h')) return undefined;
  const seconds = Number(lastValue(parsed, 'seconds') ?? '2');
  if (!(seconds >= 0.1 && seconds <= 600)) throw badFlag('--seconds must be from 0.1 to 600', '--seconds=2');
  const suites = parseSuites(parsed.positionals);
  const json = lastValue(parsed, 'json');
  if (json !== undefined && suites.length > 1) {
    throw new CulvertError('ERR_BAD_OPTION', '--json names one file but several suites run', {
      remedy: 'name one suite, or leave --json out',
    });
  }
  const nodes = [...new Set(allValues(parsed, 'node'))];
  return {
    suites,
    runs: parseCount('runs', lastValue(parsed, 'runs') ?? '5', 1, 1000),
    seconds,
    nodes: nodes.length > 0 ? nodes : [defaultNode],
    json,
    writeReadme: parsed.flags.has('write-readme'),
    memory: !parsed.flags.has('no-memory'),
    ikcp: lastValue(parsed, 'ikcp'),
    only: allValues(parsed, 'only'),
    add: parsed.flags.has('add'),
  };
}

function parseSuites(words: readonly string[]): readonly Suite[] {
  if (words.length === 0) return ['ws'];
  if (words.includes('all')) return SUITES;
  return words.map((word) => {
    const suite = SUITES.find((each) => each === word);
    if (suite === undefined) {
      throw new CulvertError('ERR_BAD_OPTION', `no benchmark is called "${word}"`, {
        remedy: `there are: ${SUITES.join(', ')}, all`,
      });
    }
    return suite;
  });
}
