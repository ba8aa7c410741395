import { CulvertError, type ErrorCode, quote } from '../engine/index.ts';
import type { RawItem } from './argument-table.ts';
import { redactUrl } from './redact.ts';

/** A value or the reason why there is none, fit to follow "-L "x": ". */
export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

/** A value or a complete error. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: CulvertError };

export const GENERAL_EXAMPLE = 'culvert -L 1080::1080 server:80 -p password';
export const SERVER_EXAMPLE = 'culvert :80 -p password';

/** An error of the command line whose remedy ends in a command line that works. */
export function usageError(code: ErrorCode, message: string, example: string, hint?: string): CulvertError {
  return new CulvertError(code, message, { remedy: remedyText(example, hint) });
}

/** `hint; for example: ...`, without the semicolon after a question. */
export function remedyText(example: string, hint: string | undefined): string {
  if (hint === undefined) return `for example: ${example}`;
  return `${hint}${hint.endsWith('?') ? '' : ';'} for example: ${example}`;
}

/**
 * What is wrong with one given value: its label, the value unless it is secret, the reason, an example. A value
 * from a config file is always `ERR_BAD_CONFIG`: there is where it has to be mended.
 */
export function itemError(
  item: RawItem,
  code: ErrorCode,
  reason: string,
  fallback = GENERAL_EXAMPLE,
): CulvertError {
  const shown = item.option?.secret || item.text === undefined ? '' : ` ${quoteSafe(item.text)}`;
  const example = item.option?.example ?? fallback;
  const where = item.from === 'config' ? 'ERR_BAD_CONFIG' : code;
  return usageError(where, `${item.label}${shown}: ${reason}`, example);
}

/** Quoted, without the user names and passwords of URLs. */
function quoteSafe(text: string): string {
  return quote(redactUrl(text));
}
