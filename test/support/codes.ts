import { CulvertError } from '../../src-main/engine/base/errors.ts';

/** The code of the CulvertError that `act` throws; undefined when it does not throw. Any other error passes. */
export function codeOf(act: () => unknown): string | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof CulvertError) return error.code;
    throw error;
  }
  return undefined;
}
