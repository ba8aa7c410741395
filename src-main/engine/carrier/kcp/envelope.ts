import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/**
 * Every datagram, in both directions:
 *
 *   16 bytes   AES-256-ECB(header key, carrier id 8 bytes | number u48 | 0 u16)
 *   body       AES-256-GCM(carrier key, nonce = 0 u48 | number u48)
 *   16 bytes   tag
 *
 * The header key is one per user and direction, so that the server finds the carrier whatever address a datagram
 * comes from; no block ever repeats, as no number does, and nothing on the wire is constant. What is noise is
 * recognised by one block: the last two bytes, then the table of carriers.
 *
 * The carrier key is derived from the user's and the id, 8 random bytes that the client chose, and used with
 * ascending numbers. A random nonce under the user's own key would be as good for one carrier, but 2^32 datagrams
 * (6 TB) over the lifetime of a key are the most that such nonces allow (NIST SP 800-38D §8.3).
 */
export const ID_BYTES = 8;
const BLOCK = 16;
const TAG = 16;
/** What a datagram costs beyond its body. */
export const ENVELOPE = BLOCK + TAG;
const GCM = { authTagLength: TAG } as const;
/** Above this a copy into one buffer costs more than handing over the pieces. */
const JOIN_BELOW = 8 << 10;

export type Direction = 'up' | 'down';

function derive(secret: KeyObject, info: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), info, 32)));
}

function writeNonce(nonce: Buffer, number: number): void {
  nonce.writeUIntBE(number, 6, 6);
}

/** Reads the first block of datagrams of one user and direction. */
export class HeaderReader {
  private readonly cipher;

  constructor(secret: KeyObject, direction: Direction) {
    const key = derive(secret, `culvert/1 datagram header ${direction}`);
    // ECB has no chaining: one object serves every block.
    this.cipher = createDecipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  }

  /** The carrier's id, as a latin1 string of 8, and the number; undefined when it cannot be of this user. */
  read(datagram: Buffer): { id: string; number: number } | undefined {
    if (datagram.length <= ENVELOPE) return undefined;
    const plain = this.cipher.update(datagram.subarray(0, BLOCK));
    if (plain.readUInt16BE(14) !== 0) return undefined;
    return { id: plain.toString('latin1', 0, ID_BYTES), number: plain.readUIntBE(ID_BYTES, 6) };
  }
}

function carrierKey(secret: KeyObject, id: Buffer, direction: Direction): KeyObject {
  return derive(secret, `culvert/1 datagram ${direction} ${id.toString('hex')}`);
}

/** Seals what one end of a carrier sends. A number must be used once. */
export class DatagramSealer {
  private readonly key: KeyObject;
  private readonly headerCipher;
  private readonly header = Buffer.alloc(BLOCK);
  private readonly nonce = Buffer.alloc(12);

  constructor(secret: KeyObject, id: Buffer, direction: Direction) {
    this.key = carrierKey(secret, id, direction);
    const headerKey = derive(secret, `culvert/1 datagram header ${direction}`);
    this.headerCipher = createCipheriv('aes-256-ecb', headerKey, null).setAutoPadding(false);
    id.copy(this.header);
  }

  /** The datagram, in one piece or several. */
  seal(number: number, body: Buffer): Buffer | Buffer[] {
    this.header.writeUIntBE(number, ID_BYTES, 6);
    writeNonce(this.nonce, number);
    const cipher = createCipheriv('aes-256-gcm', this.key, this.nonce, GCM);
    const head = this.headerCipher.update(this.header);
    const sealed = cipher.update(body);
    cipher.final();
    const tag = cipher.getAuthTag();
    return sealed.length < JOIN_BELOW ? Buffer.concat([head, sealed, tag]) : [head, sealed, tag];
  }
}

/** Opens what the other end of a carrier sent. */
export class DatagramOpener {
  private readonly key: KeyObject;
  private readonly nonce = Buffer.alloc(12);

  constructor(secret: KeyObject, id: Buffer, direction: Direction) {
    this.key = carrierKey(secret, id, direction);
  }

  /** The body, or undefined when it does not verify. */
  open(number: number, datagram: Buffer): Buffer | undefined {
    writeNonce(this.nonce, number);
    const decipher = createDecipheriv('aes-256-gcm', this.key, this.nonce, GCM);
    const end = datagram.length - TAG;
    decipher.setAuthTag(datagram.subarray(end));
    const body = decipher.update(datagram.subarray(BLOCK, end));
    try {
      decipher.final();
      return body;
    } catch {
      return undefined;
    }
  }
}
