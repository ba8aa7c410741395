import { expect, test } from 'vitest';
import { EXIT_CODES, exitCodeFor } from '../../../src-main/cli/exit-codes.ts';
import { CulvertError, type ErrorCode } from '../../../src-main/engine/index.ts';

test.each<[ErrorCode, number]>([
  ['ERR_INTERNAL', 1],
  ['ERR_FRAME', 1],
  ['ERR_BAD_OPTION', 2],
  ['ERR_BAD_ADDRESS', 2],
  ['ERR_PORT_IN_USE', 3],
  ['ERR_PORT_FORBIDDEN', 3],
  ['ERR_LISTEN', 3],
  ['ERR_BAD_CONFIG', 4],
  ['ERR_BAD_KEY', 4],
  ['ERR_TLS', 5],
  ['ERR_NOT_CULVERT', 5],
])('%s ends with %d', (code, exit) => {
  expect(exitCodeFor(new CulvertError(code, 'x'))).toBe(exit);
});

test('the numbers are distinct, and never those of a shell or a signal', () => {
  const codes = Object.values(EXIT_CODES).map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  for (const code of codes) expect(code).toBeLessThan(64);
});
