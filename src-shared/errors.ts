/**
 * Stable codes of everything that can go wrong, as they cross from host to page, and what a person can do about
 * each. A released code never changes its meaning. Nothing decides by message text: words for people are in
 * i18n under the code, `message` is English detail for the log and *Copy details*.
 */
import * as z from 'zod';
import { countSchema } from './schema.ts';

/** The engine's codes (src-main/engine/base/errors.ts has the same; a test compares them). */
export const ENGINE_CODES = [
  'ERR_BAD_ADDRESS',
  'ERR_BAD_OPTION',
  'ERR_BAD_KEY',
  'ERR_BAD_CONFIG',
  'ERR_PORT_IN_USE',
  'ERR_PORT_FORBIDDEN',
  'ERR_LISTEN',
  'ERR_NAME_NOT_FOUND',
  'ERR_SERVER_REFUSED',
  'ERR_SERVER_UNREACHABLE',
  'ERR_SERVER_TIMEOUT',
  'ERR_TLS',
  'ERR_PROXY',
  'ERR_BLOCKED',
  'ERR_NOT_CULVERT',
  'ERR_WRONG_KEY',
  'ERR_KEY_OR_CLOCK',
  'ERR_CLOCK',
  'ERR_HANDSHAKE',
  'ERR_RECORD',
  'ERR_FRAME',
  'ERR_SESSION_LOST',
  'ERR_CARRIER_LOST',
  'ERR_CARRIER_TIMEOUT',
  'ERR_LIMIT',
  'ERR_CLOSED',
  'ERR_OPEN_FAILED',
  'ERR_STREAM_RESET',
  'ERR_INTERNAL',
] as const;

/** The host's and the pipe's own. */
export const HOST_CODES = [
  /** A call's payload is not what the contract says. */
  'ERR_BAD_REQUEST',
  /** The profile, rule, connection or notice is gone. */
  'ERR_NOT_FOUND',
  /** Somebody else has changed it since it was read. */
  'ERR_CONFLICT',
  /** The undo's time is over. */
  'ERR_EXPIRED',
  /** A profile without a key cannot connect. */
  'ERR_NO_KEY',
  /** Secrets are sealed and have not been opened. */
  'ERR_LOCKED',
  /** The passphrase does not open it. */
  'ERR_BAD_PASSPHRASE',
  /** A file or link of a later version of Culvert. */
  'ERR_NEWER_VERSION',
  'ERR_BAD_BACKUP',
  /** This host cannot do it: see its capabilities. */
  'ERR_UNSUPPORTED',
  /** The configuration could not be written. */
  'ERR_STORE',
  /** The configuration could not be read and was set aside. */
  'ERR_STORE_BROKEN',
  /** The process that runs the engine has ended and is started again. */
  'ERR_ENGINE_LOST',
  'ERR_UPDATE',
  /** The pipe between page and host is gone. Made by the page. */
  'ERR_PIPE_CLOSED',
] as const;

export const ERROR_CODES = [...ENGINE_CODES, ...HOST_CODES] as const;
export type EngineCode = (typeof ENGINE_CODES)[number];
export type ErrorCode = (typeof ERROR_CODES)[number];
export const errorCodeSchema = z.enum(ERROR_CODES);

/** What the words for a code may name. Absent where it is not known. */
export const failureDetailsSchema = z.strictObject({
  /** The host name, address or file that it is about. */
  subject: z.string().max(512).optional(),
  port: z.int().min(0).max(65_535).optional(),
  /** The process that holds the port: `nginx (pid 12)`. */
  holder: z.string().max(128).optional(),
  /** By how much this clock is ahead of the server's, ms; negative when behind. */
  clockOffsetMs: z.number().min(-1e13).max(1e13).optional(),
  /** The HTTP status that a server or proxy gave. */
  status: z.int().min(100).max(999).optional(),
  limit: countSchema.optional(),
});
export type FailureDetails = z.infer<typeof failureDetailsSchema>;

/** Something that went wrong, as state or as the data of a failed call. */
export const failureSchema = z.strictObject({
  code: errorCodeSchema,
  /** English, without secrets. */
  message: z.string().max(1_024),
  remedy: z.string().max(512).optional(),
  details: failureDetailsSchema.optional(),
});
export type Failure = z.infer<typeof failureSchema>;

/** What a button can do about a failure. The page maps each to a place or a call. */
export const ACTIONS = [
  'editKey',
  'editHost',
  'editPort',
  'useHttp',
  'fixClock',
  'editProxy',
  'editTls',
  'editServer',
  'useFreePort',
  'editBind',
  'unlock',
  'editLimits',
  'editRule',
  'openLogs',
  'reload',
  'retry',
] as const;
export type Action = (typeof ACTIONS)[number];

const ACTION_OF: Readonly<Record<ErrorCode, Action>> = {
  // The six that a person meets most: six different actions.
  ERR_WRONG_KEY: 'editKey',
  ERR_NAME_NOT_FOUND: 'editHost',
  ERR_SERVER_REFUSED: 'editPort',
  ERR_SERVER_TIMEOUT: 'useHttp',
  ERR_CLOCK: 'fixClock',
  ERR_PROXY: 'editProxy',

  ERR_KEY_OR_CLOCK: 'editKey',
  ERR_BLOCKED: 'editProxy',
  ERR_TLS: 'editTls',
  ERR_NOT_CULVERT: 'editServer',
  ERR_SERVER_UNREACHABLE: 'retry',
  ERR_BAD_ADDRESS: 'editHost',
  ERR_BAD_OPTION: 'editLimits',
  ERR_BAD_KEY: 'editKey',
  ERR_NO_KEY: 'editKey',
  ERR_BAD_CONFIG: 'openLogs',
  ERR_PORT_IN_USE: 'useFreePort',
  ERR_PORT_FORBIDDEN: 'useFreePort',
  ERR_LISTEN: 'editBind',
  ERR_OPEN_FAILED: 'editRule',
  ERR_STREAM_RESET: 'retry',
  ERR_HANDSHAKE: 'openLogs',
  ERR_RECORD: 'openLogs',
  ERR_FRAME: 'openLogs',
  ERR_SESSION_LOST: 'retry',
  ERR_CARRIER_LOST: 'retry',
  ERR_CARRIER_TIMEOUT: 'useHttp',
  ERR_LIMIT: 'editLimits',
  ERR_CLOSED: 'retry',
  ERR_INTERNAL: 'openLogs',
  ERR_BAD_REQUEST: 'reload',
  ERR_NOT_FOUND: 'reload',
  ERR_CONFLICT: 'reload',
  ERR_EXPIRED: 'reload',
  ERR_LOCKED: 'unlock',
  ERR_BAD_PASSPHRASE: 'retry',
  ERR_NEWER_VERSION: 'openLogs',
  ERR_BAD_BACKUP: 'retry',
  ERR_UNSUPPORTED: 'reload',
  ERR_STORE: 'openLogs',
  ERR_STORE_BROKEN: 'openLogs',
  ERR_ENGINE_LOST: 'openLogs',
  ERR_UPDATE: 'retry',
  ERR_PIPE_CLOSED: 'reload',
};

/** The one thing to offer for a code. Total: every code has one. */
export function actionFor(code: ErrorCode): Action {
  return ACTION_OF[code];
}

export function isErrorCode(text: unknown): text is ErrorCode {
  return typeof text === 'string' && (ERROR_CODES as readonly string[]).includes(text);
}

/**
 * Any error that a call of the contract ended with, as a Failure: the host's own ones as they came, those of the
 * pipe's library by its code. Takes what `catch` gives.
 */
export function toFailure(error: unknown): Failure {
  const given = isRecord(error) ? error : {};
  const failure = failureSchema.safeParse(given.data);
  if (failure.success) return failure.data;
  const message = (error instanceof Error ? error.message : String(given.message ?? error)).slice(0, 1_024);
  if (isErrorCode(given.code)) return { code: given.code, message };
  switch (given.code) {
    case 'BAD_REQUEST':
    case 'NOT_FOUND':
      return { code: 'ERR_BAD_REQUEST', message };
    case 'INTERNAL_SERVER_ERROR':
    case 'EVENT_ITERATOR_VALIDATION_FAILED':
      return { code: 'ERR_INTERNAL', message };
    default:
      // What the pipe says when it closes carries no code; a bug of the page is an Error of another kind.
      return { code: given.name === 'AbortError' ? 'ERR_PIPE_CLOSED' : 'ERR_INTERNAL', message };
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
