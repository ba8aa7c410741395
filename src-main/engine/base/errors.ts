/**
 * Stable error codes. A code never changes its meaning once released; text may. Nothing in Culvert decides
 * by message text: code that must react looks at `code`.
 */
export type ErrorCode =
  // input
  | 'ERR_BAD_ADDRESS'
  | 'ERR_BAD_OPTION'
  | 'ERR_BAD_KEY'
  | 'ERR_BAD_CONFIG'
  // listening
  | 'ERR_PORT_IN_USE'
  | 'ERR_PORT_FORBIDDEN'
  | 'ERR_LISTEN'
  // reaching the server
  | 'ERR_NAME_NOT_FOUND'
  | 'ERR_SERVER_REFUSED'
  | 'ERR_SERVER_UNREACHABLE'
  | 'ERR_SERVER_TIMEOUT'
  | 'ERR_TLS'
  | 'ERR_PROXY'
  /** A proxy or a filter on the way forbids it. */
  | 'ERR_BLOCKED'
  | 'ERR_NOT_CULVERT'
  /** The key, or not a Culvert server: from outside these look the same. */
  | 'ERR_WRONG_KEY'
  /** One of the above, or a clock that is off; the answer does not say which. */
  | 'ERR_KEY_OR_CLOCK'
  | 'ERR_CLOCK'
  // protocol
  | 'ERR_HANDSHAKE'
  | 'ERR_RECORD'
  | 'ERR_FRAME'
  | 'ERR_SESSION_LOST'
  | 'ERR_CARRIER_LOST'
  | 'ERR_CARRIER_TIMEOUT'
  | 'ERR_LIMIT'
  | 'ERR_CLOSED'
  // streams
  | 'ERR_OPEN_FAILED'
  | 'ERR_STREAM_RESET'
  // what must not happen
  | 'ERR_INTERNAL';

/** What a message names, for a face that has words of its own. */
export interface ErrorDetails {
  /** By how much this clock is ahead of the server's, ms; negative when behind. */
  readonly clockOffsetMs?: number;
  /** The HTTP status that a server or proxy gave. */
  readonly status?: number;
  /** The process that holds a port: `nginx (pid 12)`. */
  readonly holder?: string;
}

/**
 * An error a person may see. `message` says what happened and names the thing; `remedy`, when there is one,
 * says what to do about it.
 */
export class CulvertError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string | undefined;
  readonly details: ErrorDetails | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { remedy?: string; details?: ErrorDetails; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CulvertError';
    this.code = code;
    this.remedy = options.remedy;
    this.details = options.details;
  }
}

/** `message`, then the remedy: one line, fit for a log or a terminal. */
export function describeError(error: unknown): string {
  if (error instanceof CulvertError)
    return error.remedy ? `${error.message}; ${error.remedy}` : error.message;
  if (error instanceof Error) return error.message || error.name;
  return String(error);
}

/** The `code` of a Node system error (`ECONNREFUSED`, …), or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/** For the default branch of a switch over a union: a compile error when a case is missing. */
export function assertNever(value: never): never {
  throw new CulvertError('ERR_INTERNAL', `unexpected value ${JSON.stringify(value)}`);
}
