import { CulvertError } from '../base/errors.ts';
import type { Context, OpenSsl } from './openssl.ts';
import { BLOCK_BYTES, KEY_BYTES } from './primitives.ts';

/*
 * What calls into OpenSSL have in common (openssl.ts says why there are any). A foreign function checks nothing, so that
 * every length is checked here and in native-gcm.ts before it goes there.
 */

export function opensslFault(what: string): CulvertError {
  return new CulvertError('ERR_INTERNAL', `OpenSSL failed: ${what}`);
}

/** OpenSSL's functions say 1 when they did it. */
export function must(result: number, what: string): void {
  if (result !== 1) throw opensslFault(what);
}

/** Where OpenSSL tells how much it wrote: for these ciphers as much as it was given. */
export const written = Buffer.alloc(4);

const forgotten = new FinalizationRegistry<{ openssl: OpenSsl; pointer: Context }>(({ openssl, pointer }) =>
  openssl.EVP_CIPHER_CTX_free(pointer),
);

/** An EVP_CIPHER_CTX, freed when nobody has it any more. */
export class CipherContext {
  readonly openssl: OpenSsl;
  readonly pointer: Context;

  constructor(openssl: OpenSsl) {
    this.openssl = openssl;
    this.pointer = openssl.EVP_CIPHER_CTX_new();
    if (!this.pointer) throw opensslFault('no memory for a cipher');
    forgotten.register(this, { openssl, pointer: this.pointer });
  }
}

/** AES-256 of single blocks, as `BlockCipher` of primitives.ts, into memory that is given. */
export class NativeBlocks {
  private readonly context: CipherContext;
  private readonly decrypts: boolean;

  constructor(openssl: OpenSsl, key: Buffer, direction: 'encrypt' | 'decrypt') {
    if (key.length !== KEY_BYTES) throw opensslFault(`a key of ${key.length} bytes`);
    this.context = new CipherContext(openssl);
    this.decrypts = direction === 'decrypt';
    const init = this.decrypts ? openssl.EVP_DecryptInit_ex : openssl.EVP_EncryptInit_ex;
    must(init(this.context.pointer, openssl.EVP_aes_256_ecb(), null, key, null), 'a key of blocks');
    must(openssl.EVP_CIPHER_CTX_set_padding(this.context.pointer, 0), 'no padding');
  }

  /** From the 16 bytes of `block` at `at` to the first 16 of `out`. */
  convert(block: Buffer, out: Buffer, at = 0): void {
    if (block.length - at < BLOCK_BYTES || out.length < BLOCK_BYTES) throw opensslFault('a block is short');
    const { openssl, pointer } = this.context;
    const update = this.decrypts ? openssl.EVP_DecryptUpdate : openssl.EVP_EncryptUpdate;
    must(update(pointer, out, written, at === 0 ? block : block.subarray(at), BLOCK_BYTES), 'a block');
  }
}
