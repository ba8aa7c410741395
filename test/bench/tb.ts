import type { ProcessSet } from './processes.ts';

/** What one run of the load tool gave. */
export type TbResult =
  | { readonly ok: true; readonly values: Readonly<Record<string, number>> }
  | { readonly ok: false; readonly reason: string };

/** Time a run may take beyond what it was asked to measure, before it is ended as hung. */
const RUN_SLACK_MS = 45_000;

/** The `name=number` pairs of tb's output. */
export function parsePairs(output: string): Record<string, number> {
  const values: Record<string, number> = {};
  for (const match of output.matchAll(/([A-Za-z0-9/]+)=(-?\d+(?:\.\d+)?)/g))
    values[match[1]] = Number(match[2]);
  return values;
}

/**
 * A run counts only when tb exited with 0 and said `fails=0`: tb compares what it gets, so anything else means
 * that bytes were lost or wrong.
 */
export function judge(output: string, exitCode: number | undefined, exitText: string): TbResult {
  const values = parsePairs(output);
  const said = output.trim() || 'no output';
  if (values.fails === undefined) return { ok: false, reason: `${exitText}: ${said}` };
  if (values.fails !== 0) return { ok: false, reason: said };
  if (exitCode !== 0) return { ok: false, reason: `${exitText}: ${said}` };
  return { ok: true, values };
}

/** The load tool, bound to a compiled program and the set of processes it runs in. */
export class Tb {
  private readonly processes: ProcessSet;
  readonly program: string;

  constructor(processes: ProcessSet, program: string) {
    this.processes = processes;
    this.program = program;
  }

  /**
   * Runs tb and reads its figures.
   * @param expectedSeconds how long the run measures
   */
  async run(args: ReadonlyArray<string | number>, expectedSeconds: number): Promise<TbResult> {
    const tb = this.processes.start('tb', this.program, args.map(String));
    const limit = expectedSeconds * 1000 + RUN_SLACK_MS;
    let hung = false;
    const timer = setTimeout(() => {
      hung = true;
      tb.signal('SIGKILL');
    }, limit);
    const exit = await tb.ended;
    clearTimeout(timer);
    if (hung) return { ok: false, reason: `tb ${args[0]} did not end within ${limit / 1000} s` };
    return judge(tb.output, exit.code, exit.text);
  }
}
