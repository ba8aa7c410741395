import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ErrorCode as EngineErrorCode } from '../../../src-main/engine/base/errors.ts';
import {
  ACTIONS,
  actionFor,
  ENGINE_CODES,
  type EngineCode,
  ERROR_CODES,
  toFailure,
} from '../../../src-shared/errors.ts';

// A compile error in `npm run check` when the two lists differ.
const shared: readonly EngineErrorCode[] = ENGINE_CODES;
const engine: Record<EngineErrorCode, EngineCode> = Object.fromEntries(
  ENGINE_CODES.map((code) => [code, code]),
) as Record<EngineCode, EngineCode>;

describe('codes', () => {
  it('are the engine’s and the host’s, each once', () => {
    expect(new Set(ERROR_CODES).size).toBe(ERROR_CODES.length);
    expect(Object.keys(engine)).toEqual([...shared]);
  });

  it('lead to an action each, six common failures to six different ones', () => {
    for (const code of ERROR_CODES) expect(ACTIONS).toContain(actionFor(code));
    const common = ['ERR_WRONG_KEY', 'ERR_NAME_NOT_FOUND', 'ERR_SERVER_REFUSED'] as const;
    const more = ['ERR_SERVER_TIMEOUT', 'ERR_CLOCK', 'ERR_PROXY'] as const;
    expect(new Set([...common, ...more].map(actionFor)).size).toBe(6);
  });
});

describe('toFailure', () => {
  it('takes a Failure as it came', () => {
    const failure = { code: 'ERR_PORT_IN_USE', message: 'taken', details: { port: 80 } };
    expect(toFailure({ code: 'ERR_PORT_IN_USE', data: failure })).toEqual(failure);
  });

  it.each([
    [{ code: 'BAD_REQUEST', message: 'Input validation failed' }, 'ERR_BAD_REQUEST'],
    [{ code: 'NOT_FOUND', message: 'No procedure matched' }, 'ERR_BAD_REQUEST'],
    [{ code: 'INTERNAL_SERVER_ERROR', message: 'x' }, 'ERR_INTERNAL'],
    [{ code: 'ERR_STORE', message: 'x' }, 'ERR_STORE'],
    [Object.assign(new Error('closed'), { name: 'AbortError' }), 'ERR_PIPE_CLOSED'],
    [new TypeError('a bug'), 'ERR_INTERNAL'],
    [undefined, 'ERR_INTERNAL'],
    ['text', 'ERR_INTERNAL'],
  ])('%j is %s', (error, code) => {
    expect(toFailure(error).code).toBe(code);
  });

  it('gives a code whatever it gets', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(ERROR_CODES).toContain(toFailure(value).code);
      }),
      { seed: 1, numRuns: 1000 },
    );
  });
});
