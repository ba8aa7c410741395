import { isContractProcedure } from '@orpc/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callPaths, contract } from '../../../src-shared/contract.ts';
import { ERROR_CODES } from '../../../src-shared/errors.ts';

const procedures = Object.entries(contract).flatMap(([group, calls]) =>
  Object.entries(calls).map(([name, procedure]) => ({ path: `${group}.${name}`, procedure })),
);

describe('the contract', () => {
  it('has the calls that the screens need', () => {
    expect(callPaths()).toEqual(procedures.map(({ path }) => path));
    const wanted: Record<keyof typeof contract, string> = {
      system: 'hello ping networkChanged openClockSettings dismissNotice',
      state: 'watch',
      stats: 'live history daily',
      profiles: 'create update duplicate remove move test connect disconnect retryNow setTransport reveal',
      rules: 'create update remove setEnabled checkPort',
      keys: 'generate inspect',
      undo: 'run',
      connections: 'watch close closeAll',
      server: 'start stop configure setKey revealKey pairingLink clients disconnect',
      tryIt: 'start stop',
      logs: 'watch clear export',
      share: 'link',
      imports: 'preview apply',
      backup: 'create preview restore',
      settings: 'change',
      secrets: 'unlock setStore',
      update: 'check load install',
    };
    const paths = Object.entries(wanted).flatMap(([group, names]) =>
      names.split(' ').map((name) => `${group}.${name}`),
    );
    expect(callPaths()).toEqual(expect.arrayContaining(paths));
  });

  it.each(procedures)('$path says what it answers and how it fails', ({ procedure }) => {
    expect(isContractProcedure(procedure)).toBe(true);
    const definition = procedure['~orpc'];
    expect(definition.outputSchema).toBeDefined();
    expect(Object.keys(definition.errorMap)).toEqual(ERROR_CODES);
  });

  const withInput = procedures.filter(({ procedure }) => procedure['~orpc'].inputSchema !== undefined);
  it.each(withInput)(
    '$path refuses whatever is no payload of it, and never throws',
    async ({ procedure }) => {
      const schema = procedure['~orpc'].inputSchema;
      await fc.assert(
        fc.asyncProperty(fc.anything(), async (value) => {
          const result = await schema?.['~standard'].validate(value);
          expect(result?.issues).toBeDefined();
        }),
        // An object with the right keys by chance is not among a thousand.
        { seed: 1, numRuns: 1000 },
      );
    },
  );
});
