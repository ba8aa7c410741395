/**
 * Finds the head of an HTTP/1.x request in a byte stream (RFC 9112 §2-§6), strictly: whatever departs from the
 * grammar is `opaque`, which is what every request is that the tunnel could not have sent. Strictness costs
 * nothing here, because opaque bytes reach the cover site unchanged and the cover judges them itself.
 */

/** How the end of a request's body is found (RFC 9112 §6). `opaque`: two readers may disagree about it. */
export type BodyLength =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'opaque' };

export interface RequestHead {
  readonly method: string;
  readonly target: string;
  /** `1.0` or `1.1`. */
  readonly version: string;
  /** Names and values by turns, in order, as `http.IncomingMessage.rawHeaders` has them. */
  readonly rawHeaders: string[];
  readonly body: BodyLength;
  /** It has an `Upgrade` header and `Connection: upgrade`. */
  readonly upgrade: boolean;
  /** It has an `Expect` header: the client may wait for a word from the server before it sends the body. */
  readonly expects: boolean;
  /** The head as received, with its last CRLF CRLF. */
  readonly bytes: Buffer;
}

export type ScanResult =
  /** All of the chunk was taken, the head goes on. */
  | { readonly kind: 'more' }
  /** The head is complete; it took the first `taken` bytes of the chunk. */
  | { readonly kind: 'head'; readonly head: RequestHead; readonly taken: number }
  /** Not a plain HTTP/1.x request. The scanner is of no more use. */
  | { readonly kind: 'opaque' };

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const COLON = 0x3a;
const DEL = 0x7f;
/** The longest method of the IANA registry has 17 characters. */
const MAX_METHOD_BYTES = 32;
const VERSION_PREFIX = Buffer.from('HTTP/1.');
const VERSION_BYTES = VERSION_PREFIX.length + 1;
/** More digits than this may not be a safe integer. */
const MAX_LENGTH_DIGITS = 15;

const TOKEN = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  TOKEN[char.charCodeAt(0)] = 1;
}

const MORE: ScanResult = { kind: 'more' };
const OPAQUE: ScanResult = { kind: 'opaque' };

type State =
  | 'method'
  | 'target'
  | 'version'
  | 'requestLf'
  | 'lineStart'
  | 'name'
  | 'value'
  | 'valueLf'
  | 'endLf';

/** Takes a request's head chunk by chunk; looks at every byte once, however finely it is cut. */
export class HeadScanner {
  private readonly maxBytes: number;
  private state: State = 'method';
  private count = 0;
  private total = 0;
  private chunks: Buffer[] = [];

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Bytes of the head taken so far. */
  get size(): number {
    return this.total;
  }

  /** The head's bytes so far; empty between heads. */
  taken(): Buffer {
    return this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
  }

  push(chunk: Buffer): ScanResult {
    let state = this.state;
    let count = this.count;
    const limit = Math.min(chunk.length, this.maxBytes - this.total);
    for (let at = 0; at < limit; at++) {
      const byte = chunk[at];
      switch (state) {
        case 'method':
          if (TOKEN[byte] === 1 && count < MAX_METHOD_BYTES) count++;
          else if (byte === SPACE && count > 0) [state, count] = ['target', 0];
          else return OPAQUE;
          break;
        case 'target':
          if (byte > SPACE && byte < DEL) count++;
          else if (byte === SPACE && count > 0) [state, count] = ['version', 0];
          else return OPAQUE;
          break;
        case 'version':
          if (count < VERSION_PREFIX.length && byte === VERSION_PREFIX[count]) count++;
          else if (count === VERSION_PREFIX.length && (byte === 0x30 || byte === 0x31)) count++;
          else if (count === VERSION_BYTES && byte === CR) state = 'requestLf';
          else return OPAQUE;
          break;
        case 'requestLf':
        case 'valueLf':
          if (byte !== LF) return OPAQUE;
          state = 'lineStart';
          break;
        case 'lineStart':
          if (byte === CR) state = 'endLf';
          else if (TOKEN[byte] === 1) state = 'name';
          else return OPAQUE;
          break;
        case 'name':
          if (byte === COLON) state = 'value';
          else if (TOKEN[byte] !== 1) return OPAQUE;
          break;
        case 'value':
          if (byte === CR) state = 'valueLf';
          else if ((byte < SPACE && byte !== TAB) || byte === DEL) return OPAQUE;
          break;
        default:
          if (byte !== LF) return OPAQUE;
          return this.finish(chunk, at + 1);
      }
    }
    if (limit < chunk.length) return OPAQUE;
    this.state = state;
    this.count = count;
    this.total += chunk.length;
    this.chunks.push(chunk);
    return MORE;
  }

  private finish(chunk: Buffer, taken: number): ScanResult {
    this.chunks.push(chunk.subarray(0, taken));
    const bytes = this.taken();
    this.state = 'method';
    this.count = 0;
    this.total = 0;
    this.chunks = [];
    return { kind: 'head', head: parseHead(bytes), taken };
  }
}

/** `bytes` passed the scanner, so that the separators are where they must be. */
function parseHead(bytes: Buffer): RequestHead {
  const lines = bytes.toString('latin1', 0, bytes.length - 4).split('\r\n');
  const [method, target, protocol] = lines[0].split(' ');
  const rawHeaders: string[] = [];
  const found = new Map<string, string[]>();
  for (let i = 1; i < lines.length; i++) {
    const colon = lines[i].indexOf(':');
    const name = lines[i].slice(0, colon);
    const value = trimOws(lines[i].slice(colon + 1));
    rawHeaders.push(name, value);
    const key = name.toLowerCase();
    if (!FRAMING_HEADERS.has(key)) continue;
    const values = found.get(key);
    if (values === undefined) found.set(key, [value]);
    else values.push(value);
  }
  const version = protocol.slice('HTTP/'.length);
  return {
    method,
    target,
    version,
    rawHeaders,
    body: bodyLength(method, version, found),
    upgrade: found.has('upgrade') && mentions(found.get('connection'), 'upgrade'),
    expects: found.has('expect'),
    bytes,
  };
}

const FRAMING_HEADERS = new Set(['transfer-encoding', 'content-length', 'connection', 'upgrade', 'expect']);

function bodyLength(method: string, version: string, found: Map<string, string[]>): BodyLength {
  const codings = found.get('transfer-encoding');
  const lengths = found.get('content-length');
  // After CONNECT comes whatever the two ends like.
  if (method === 'CONNECT') return { kind: 'opaque' };
  if (codings !== undefined) {
    const plain = codings.length === 1 && codings[0].toLowerCase() === 'chunked';
    return plain && lengths === undefined && version === '1.1' ? { kind: 'chunked' } : { kind: 'opaque' };
  }
  if (lengths === undefined) return { kind: 'none' };
  const [text] = lengths;
  if (lengths.length > 1 || text.length > MAX_LENGTH_DIGITS || !/^[0-9]+$/.test(text))
    return { kind: 'opaque' };
  return text === '0' ? { kind: 'none' } : { kind: 'length', bytes: Number(text) };
}

function mentions(values: readonly string[] | undefined, token: string): boolean {
  if (values === undefined) return false;
  return values.some((value) => value.split(',').some((item) => trimOws(item).toLowerCase() === token));
}

/** Optional white space is space and tab only (RFC 9110 §5.6.3); `trim` would take NBSP too. */
function trimOws(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && (text[start] === ' ' || text[start] === '\t')) start++;
  while (end > start && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--;
  return text.slice(start, end);
}
