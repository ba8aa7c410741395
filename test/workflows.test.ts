import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { filesBelow, root } from './support/sources.ts';

/** As much of the workflows' syntax as is used here, strictly: a key that is misspelled is refused. */
const text = z.union([z.string(), z.number(), z.boolean()]);
const env = z.record(z.string(), text);
const permissions = z.partialRecord(
  z.enum(['contents', 'packages', 'id-token']),
  z.enum(['read', 'write', 'none']),
);
const step = z
  .strictObject({
    name: z.string().optional(),
    id: z.string().optional(),
    if: z.string().optional(),
    uses: z
      .string()
      .regex(/^[\w.-]+\/[\w./-]+@v\d/)
      .optional(),
    run: z.string().optional(),
    shell: z.enum(['bash', 'pwsh', 'sh']).optional(),
    with: z.record(z.string(), text).optional(),
    env: env.optional(),
  })
  .refine(({ uses, run }) => (uses === undefined) !== (run === undefined), 'either uses or run');
const job = z.strictObject({
  name: z.string().optional(),
  needs: z.union([z.string(), z.array(z.string())]).optional(),
  if: z.string().optional(),
  strategy: z
    .strictObject({
      'fail-fast': z.boolean().optional(),
      matrix: z.record(z.string(), z.array(z.unknown())),
    })
    .optional(),
  'runs-on': z.string(),
  'timeout-minutes': z.int(),
  permissions: permissions.optional(),
  env: env.optional(),
  steps: z.array(step).min(1),
});
const workflow = z.strictObject({
  name: z.string(),
  on: z.strictObject({
    push: z
      .strictObject({ branches: z.array(z.string()).optional(), tags: z.array(z.string()).optional() })
      .nullish(),
    pull_request: z.strictObject({}).nullish(),
  }),
  permissions,
  concurrency: z.strictObject({ group: z.string(), 'cancel-in-progress': z.boolean() }).optional(),
  jobs: z.record(z.string(), job),
});

const paths = filesBelow('.github/workflows');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe.each(paths)('%s', (path) => {
  const parsed = workflow.safeParse(load(read(path)));

  it('has the syntax of a workflow', () => {
    expect(parsed.error?.issues ?? []).toEqual([]);
  });

  it('needs jobs that there are, reads its matrix, and runs scripts that there are', () => {
    const { jobs } = workflow.parse(load(read(path)));
    const { scripts } = JSON.parse(read('package.json'));
    for (const { needs, strategy, ...rest } of Object.values(jobs)) {
      for (const name of [needs ?? []].flat()) expect(jobs).toHaveProperty(name);
      const body = JSON.stringify(rest);
      for (const [, name] of body.matchAll(/\$\{\{ matrix\.([\w-]+)/g)) {
        const include = (strategy?.matrix.include ?? []).map(Object);
        expect(name in (strategy?.matrix ?? {}) || include.some((one) => name in one), name).toBe(true);
      }
      for (const [, name] of body.matchAll(/npm run ([\w:-]+)/g)) expect(scripts).toHaveProperty(name);
    }
  });

  it('balances its expressions, and puts none that others can write into a script', () => {
    expect(read(path).match(/\$\{\{/g)?.length ?? 0).toBe(read(path).match(/\}\}/g)?.length ?? 0);
    const runs = Object.values(workflow.parse(load(read(path))).jobs).flatMap(({ steps }) =>
      steps.map(({ run }) => run ?? ''),
    );
    expect(runs.filter((run) => run.includes('${{'))).toEqual([]);
  });
});

it('there are workflows for every change and for a release', () => {
  expect(paths).toEqual(['.github/workflows/ci.yml', '.github/workflows/release.yml']);
});
