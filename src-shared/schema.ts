/** The pieces that several schemas share. Every schema file imports this one first: see the note below. */
import * as z from 'zod';
import { MAX_KEY, MAX_NAME } from './limits.ts';

// In a page, zod must not try `new Function`: a strict CSP reports the attempt as a violation even though zod
// would cope. The switch counts when a schema is made, so it stands where no schema is made before it.
if ('document' in globalThis) z.config({ jitless: true });

/** Ids are made by the host. No underscore: no id is ever `__proto__`. */
export const idSchema = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9-]{0,63}$/);

/** A port to connect to. */
export const portSchema = z.int().min(1).max(65_535);
/** A port to listen at; 0 is any free one. */
export const listenPortSchema = z.int().min(0).max(65_535);

/** Milliseconds since 1970 by the host's clock, which need not be the page's. */
export const timeSchema = z.number().min(0).max(8.64e15);
/** A length of time, ms. */
export const durationSchema = z.number().min(0).max(8.64e15);
/** A number of things or bytes. */
export const countSchema = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
/** Bytes per second. */
export const rateSchema = z.number().min(0).max(Number.MAX_SAFE_INTEGER);

/** Whether text has a character that would end a line, move a cursor or turn the reading direction. */
export function hasControl(text: string): boolean {
  return CONTROL.test(text);
}
const CONTROL = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

/** A name that a person gave; may be empty. */
export const nameSchema = z
  .string()
  .max(MAX_NAME)
  .refine((text) => !hasControl(text), 'control characters');

/** A key or passphrase as typed. */
export const keyTextSchema = z
  .string()
  .min(1)
  .max(MAX_KEY)
  .refine((text) => text.trim() !== '' && !/[\r\n\0]/.test(text), 'not a key');

/** What happens to a secret when a thing is saved. `keep` is the one there is, if there is one. */
export const secretChangeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('keep') }),
  z.strictObject({ kind: z.literal('remove') }),
  z.strictObject({ kind: z.literal('set'), text: keyTextSchema }),
]);
export type SecretChange = z.infer<typeof secretChangeSchema>;
export const KEEP: SecretChange = { kind: 'keep' };

/** What may be known of a key that is sealed: never the key. */
export const keyInfoSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  /** There is one, but the secrets are locked. */
  z.strictObject({ kind: z.literal('locked') }),
  z.strictObject({
    kind: z.literal('set'),
    verdict: z.enum(['generated', 'strong', 'fair', 'weak']),
    /** Rough estimate of what a guesser has to try, as a power of two. */
    bits: z.int().min(0).max(4_096),
    /** The engine's id of the key, to compare by eye on both sides. */
    fingerprint: z.string().max(32),
  }),
]);
export type KeyInfo = z.infer<typeof keyInfoSchema>;

/** A value, or a word that says why there is none. */
export type Parsed<T, R extends string = string> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: R; readonly part: string };

/** For the default branch of a switch over a union: a compile error when a case is missing. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}
