/** What goes wrong in the host, as the Failure that crosses to the page. */

import { type ErrorCode, type Failure, type FailureDetails, isErrorCode } from '../../src-shared/errors.ts';
import { CulvertError, describeError } from '../engine/index.ts';

const MAX_MESSAGE = 1_024;
const MAX_REMEDY = 512;

/** An error that a call of the contract ends with. */
export class HostError extends Error {
  readonly failure: Failure;

  constructor(code: ErrorCode, message: string, more: { remedy?: string; details?: FailureDetails } = {}) {
    super(message);
    this.name = 'HostError';
    this.failure = makeFailure(code, message, more);
  }
}

/** Shortened to what the contract lets through. */
export function makeFailure(
  code: ErrorCode,
  message: string,
  more: { remedy?: string; details?: FailureDetails } = {},
): Failure {
  const failure: Failure = { code, message: message.slice(0, MAX_MESSAGE) };
  if (more.remedy !== undefined) failure.remedy = more.remedy.slice(0, MAX_REMEDY);
  if (more.details !== undefined) failure.details = more.details;
  return failure;
}

/** Whatever was thrown, as a Failure. A fault of Culvert itself is ERR_INTERNAL. */
export function failureOf(error: unknown, details?: FailureDetails): Failure {
  if (error instanceof HostError) return error.failure;
  if (error instanceof CulvertError) {
    const code = isErrorCode(error.code) ? error.code : 'ERR_INTERNAL';
    const known = { ...details, ...error.details };
    // What is not known is not there, as the contract has it.
    const named = Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
    return makeFailure(code, error.message, {
      remedy: error.remedy,
      details: Object.keys(named).length === 0 ? undefined : named,
    });
  }
  return makeFailure('ERR_INTERNAL', describeError(error), { details });
}

/** The error behind a Failure that came from the engine's thread. */
export function errorOf({ code, message, remedy, details }: Failure): HostError {
  return new HostError(code, message, { remedy, details });
}

export function notFound(what: string): HostError {
  return new HostError('ERR_NOT_FOUND', `the ${what} is not there any more`);
}
