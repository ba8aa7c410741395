import { createSecretKey, type KeyObject, type ScryptOptions, scrypt } from 'node:crypto';
import { inspect } from 'node:util';
import { type RandomBytes, systemRandom } from '../base/clock.ts';
import { CulvertError } from '../base/errors.ts';
import { deriveKey, KEY_BYTES } from './primitives.ts';

/** What a generated key starts with; 43 base64url characters follow (RFC 4648 §5, no padding). */
export const KEY_PREFIX = 'cv1_';
const KEY_CHARACTERS = 43;
/** Longest passphrase, in bytes of NFC-normalised UTF-8. */
export const MAX_PASSPHRASE_BYTES = 1024;

const PASSPHRASE_SALT = 'culvert/1 passphrase';
const ATTACH_INFO = 'culvert/1 attach';
const DATAGRAM_INFO = 'culvert/1 datagram';
const ID_INFO = 'culvert/1 id';
/** scrypt (RFC 7914) takes 128 · N · r = 32 MiB here, just above Node's own limit. */
const SCRYPT: ScryptOptions = { N: 32_768, r: 8, p: 1, maxmem: 64 << 20 };

const KEY_REMEDY = 'make one with: culvert keygen';

/** A user's key, ready for use. Printing, inspecting or serialising it shows `id` and `name` only. */
export class UserKey {
  /** AES-256 key of the blocks that re-attach a carrier to its session. */
  readonly attachKey: KeyObject;
  /** From which the keys of sealed datagrams are derived. */
  readonly datagramKey: KeyObject;
  readonly name: string | undefined;
  /**
   * A fingerprint to tell keys apart in logs: 8 characters. It is no secret, yet of a passphrase it lets one
   * who reads it check a guess, at the price of one scrypt.
   */
  readonly id: string;
  readonly #psk: Buffer;

  /** `psk` is 32 bytes; ERR_INTERNAL otherwise. */
  constructor(psk: Uint8Array, name?: string) {
    if (psk.length !== KEY_BYTES) {
      throw new CulvertError('ERR_INTERNAL', `a user key must be ${KEY_BYTES} bytes, not ${psk.length}`);
    }
    this.#psk = Buffer.from(psk);
    this.name = name;
    this.attachKey = createSecretKey(deriveKey(this.#psk, ATTACH_INFO));
    this.datagramKey = createSecretKey(deriveKey(this.#psk, DATAGRAM_INFO));
    this.id = deriveKey(this.#psk, ID_INFO, 6).toString('base64url');
  }

  /** The pre-shared key of the handshake, 32 bytes. Secret. */
  get psk(): Buffer {
    return this.#psk;
  }

  toString(): string {
    return this.name === undefined ? `UserKey(${this.id})` : `UserKey(${this.id} ${this.name})`;
  }

  toJSON(): { id: string; name?: string } {
    return { id: this.id, name: this.name };
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * The key that a text stands for: `cv1_` and 43 base64url characters are 32 bytes used as they are (white
 * space around them is dropped); any other text is a passphrase, NFC-normalised but not trimmed, and costs one scrypt
 * (about 0.1 s and 32 MiB, off the event loop). Rejects with ERR_BAD_KEY, whose message never holds any of the text.
 */
export async function parseKey(text: string, name?: string): Promise<UserKey> {
  const trimmed = text.trim();
  if (trimmed === '') throw badKey('the key is empty');
  if (!trimmed.startsWith(KEY_PREFIX)) return new UserKey(await stretch(text), name);
  const body = trimmed.slice(KEY_PREFIX.length);
  const fault = keyFault(body);
  if (fault !== undefined) throw badKey(fault);
  return new UserKey(Buffer.from(body, 'base64url'), name);
}

/** A new random key, `cv1_…`. */
export function generateKey(random: RandomBytes = systemRandom): string {
  return KEY_PREFIX + random(KEY_BYTES).toString('base64url');
}

/** True when `text` is a complete, well-formed `cv1_` key. */
export function isGeneratedKey(text: string): boolean {
  const trimmed = text.trim();
  return trimmed.startsWith(KEY_PREFIX) && keyFault(trimmed.slice(KEY_PREFIX.length)) === undefined;
}

function badKey(message: string): CulvertError {
  return new CulvertError('ERR_BAD_KEY', message, { remedy: KEY_REMEDY });
}

/** What is wrong with the part after `cv1_`, in words that give none of it away. */
function keyFault(body: string): string | undefined {
  const prefix = KEY_PREFIX;
  const foreign = body.search(/[^A-Za-z0-9_-]/);
  if (foreign >= 0) {
    const position = prefix.length + foreign + 1;
    return `character ${position} of the ${prefix} key is none of A-Z a-z 0-9 - _`;
  }
  if (body.length !== KEY_CHARACTERS) {
    return `a ${prefix} key has ${KEY_CHARACTERS} characters after its prefix, this one has ${body.length}`;
  }
  // 43 characters hold 258 bits: two spare ones must be zero, or several texts would mean one key.
  if (Buffer.from(body, 'base64url').toString('base64url') !== body) {
    return `the last character of the ${prefix} key cannot stand there, so it was mistyped or cut`;
  }
  return undefined;
}

function stretch(passphrase: string): Promise<Buffer> {
  // NFC, so that one passphrase typed on two systems gives one key (macOS composes accents differently).
  const bytes = Buffer.from(passphrase.normalize('NFC'), 'utf8');
  if (bytes.length > MAX_PASSPHRASE_BYTES) {
    throw badKey(`the passphrase has ${bytes.length} bytes, the most is ${MAX_PASSPHRASE_BYTES}`);
  }
  return new Promise((resolve, reject) => {
    scrypt(bytes, PASSPHRASE_SALT, KEY_BYTES, SCRYPT, (error, key) => {
      if (error === null) return resolve(key);
      reject(new CulvertError('ERR_INTERNAL', 'scrypt of the passphrase failed', { cause: error }));
    });
  });
}

export type KeyVerdict = 'generated' | 'strong' | 'fair' | 'weak';

export interface KeyStrength {
  /** Rough estimate of what a guesser has to try, as a power of two. It errs on the low side. */
  readonly bits: number;
  readonly verdict: KeyVerdict;
}

const GENERATED_BITS = 256;
/** scrypt makes each guess about 2^15 times dearer than a hash, which these two take into account. */
const FAIR_BITS = 40;
const STRONG_BITS = 64;

/** One word of a large list (Diceware: 7776 words), up to this many letters; further letters add a little. */
const WORD_BITS = 12.9;
const WORD_LETTERS = 6;
const FURTHER_LETTER_BITS = 1.5;
const DIGIT_BITS = Math.log2(10);
const SYMBOL_BITS = 5;
const MIXED_LETTER_BITS = Math.log2(52);
const LOWER_LETTER_BITS = Math.log2(26);
/** A repeated character, or the next one in a row such as `abc` or `321`. */
const PREDICTABLE_BITS = 0.5;
const COMMON_BITS = 4;

/** What guessers try first, and what this program's documentation and its predecessor's show. */
const COMMON_WORDS = [
  ...['pass(?:word|wd|phrase)?', 'secret', 'letmein', 'welcome', 'iloveyou', 'dragon', 'monkey', 'master'],
  ...['admin', 'root', 'user', 'guest', 'login', 'test', 'key', 'culvert', 'goflyway', 'server', 'proxy'],
  ...['tunnel', 'qwert[yz]?(?:uiop)?', 'asdf(?:gh)?(?:jkl)?', 'zxcv(?:bnm)?', '12345*6*7*8*9*0*'],
  '(?:19|20)\\d\\d',
];
const COMMON = new RegExp(COMMON_WORDS.join('|'), 'gi');

/** How hard a key text is to guess: for a warning, never for a refusal. */
export function keyStrength(text: string): KeyStrength {
  if (isGeneratedKey(text)) return { bits: GENERATED_BITS, verdict: 'generated' };
  const pieces = text.split(COMMON);
  let estimate = (pieces.length - 1) * COMMON_BITS;
  for (const piece of pieces) {
    for (const run of piece.match(/[A-Za-z]+|[0-9]+|[^A-Za-z0-9]+/g) ?? []) estimate += runBits(run);
  }
  const bits = Math.round(estimate);
  return { bits, verdict: bits >= STRONG_BITS ? 'strong' : bits >= FAIR_BITS ? 'fair' : 'weak' };
}

/** Bits of a run of letters, of digits or of anything else. */
function runBits(run: string): number {
  if (/[0-9]/.test(run)) return eachBits(run, DIGIT_BITS);
  if (!/[A-Za-z]/.test(run)) return eachBits(run, SYMBOL_BITS);
  // Capitals inside a word are a sign of chance; otherwise a run of letters is taken for words.
  if (/[a-z][A-Z]|[A-Z]{2}[a-z]/.test(run)) return eachBits(run, MIXED_LETTER_BITS);
  const asWords = WORD_BITS + Math.max(0, run.length - WORD_LETTERS) * FURTHER_LETTER_BITS;
  return Math.min(asWords, eachBits(run, LOWER_LETTER_BITS));
}

function eachBits(run: string, bitsPerCharacter: number): number {
  let bits = bitsPerCharacter;
  for (let i = 1; i < run.length; i++) {
    const step = Math.abs(run.charCodeAt(i) - run.charCodeAt(i - 1));
    bits += step <= 1 ? PREDICTABLE_BITS : bitsPerCharacter;
  }
  return bits;
}
