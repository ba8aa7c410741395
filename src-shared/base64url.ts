/** base64url (RFC 4648 §5, without padding) of UTF-8 text, in plain ECMAScript: Node's and the page's ways differ. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

export function encodeText(text: string): string {
  const bytes = utf8(text);
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    out += ALPHABET[group >> 18] + ALPHABET[(group >> 12) & 63];
    if (left > 1) out += ALPHABET[(group >> 6) & 63];
    if (left > 2) out += ALPHABET[group & 63];
  }
  return out;
}

/** Undefined for what no `encodeText` gives: other characters, a cut group, spare bits that are set, broken UTF-8. */
export function decodeText(code: string): string | undefined {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const char of code) {
    const value = ALPHABET.indexOf(char);
    if (value < 0) return undefined;
    held = (held << 6) | value;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push(held >> bits);
    held &= (1 << bits) - 1;
  }
  return bits >= 6 || held !== 0 ? undefined : fromUtf8(bytes);
}

/** Bytes of the UTF-8 form; a lone surrogate becomes U+FFFD. */
function utf8(text: string): number[] {
  const bytes: number[] = [];
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0;
    const code = point >= 0xd800 && point < 0xe000 ? 0xfffd : point;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else {
      bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63));
      bytes.push(0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    }
  }
  return bytes;
}

/** RFC 3629 §3: neither overlong forms nor surrogates. */
function fromUtf8(bytes: readonly number[]): string | undefined {
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const first = bytes[at];
    const length =
      first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (length === 0 || at + length > bytes.length) return undefined;
    let code = length === 1 ? first : first & (0x7f >> length);
    for (let i = 1; i < length; i++) {
      if ((bytes[at + i] & 0xc0) !== 0x80) return undefined;
      code = (code << 6) | (bytes[at + i] & 63);
    }
    const least = [0, 0, 0x80, 0x800, 0x10000][length];
    if (code < least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return undefined;
    text += String.fromCodePoint(code);
    at += length;
  }
  return text;
}
