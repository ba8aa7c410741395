import type { KeyObject } from 'node:crypto';
import { CipherContext, opensslFault as fault, must, written } from './native-cipher.ts';
import type { OpenSsl } from './openssl.ts';
import { KEY_BYTES, NONCE_BYTES, TAG_BYTES } from './primitives.ts';

/** EVP_CIPHER_CTX_ctrl(3). */
const GET_TAG = 0x10;
const SET_TAG = 0x11;
/** Contexts that one key keeps for texts that are opened at the same time. */
const SPARE_CONTEXTS = 4;
/** Final writes nothing for GCM, but wants to be told where to. */
const nothing = Buffer.alloc(16);

/** AES-256-GCM (NIST SP 800-38D) by calls into OpenSSL. One key, for sealing and for opening. */
export class NativeGcm {
  private readonly openssl: OpenSsl;
  private readonly key: KeyObject;
  private sealing: CipherContext | undefined;
  private readonly spare: CipherContext[] = [];

  constructor(openssl: OpenSsl, key: KeyObject) {
    if (key.symmetricKeySize !== KEY_BYTES) throw fault(`a key of ${key.symmetricKeySize} bytes`);
    this.openssl = openssl;
    this.key = key;
  }

  /** Begins a text. `nonce` is 12 bytes and must never meet a second text; `aad` is authentic, too. */
  begin(nonce: Buffer, aad: Buffer): void {
    if (nonce.length !== NONCE_BYTES) throw fault(`a nonce of ${nonce.length} bytes`);
    const { openssl } = this;
    this.sealing ??= this.context(openssl.EVP_EncryptInit_ex);
    const { pointer } = this.sealing;
    must(openssl.EVP_EncryptInit_ex(pointer, null, null, null, nonce), 'a nonce');
    must(openssl.EVP_EncryptUpdate(pointer, null, written, aad, aad.length), 'additional data');
  }

  /** Encrypts the next bytes of the text to the start of `out`. */
  update(text: Buffer, out: Buffer): void {
    if (this.sealing === undefined) throw fault('no text was begun');
    if (out.length < text.length) throw fault(`${text.length} bytes do not fit into ${out.length}`);
    if (text.length === 0) return;
    const { openssl, pointer } = this.sealing;
    must(openssl.EVP_EncryptUpdate(pointer, out, written, text, text.length), 'sealing');
  }

  /** Ends the text and writes its 16-byte tag to the start of `out`. */
  end(out: Buffer): void {
    if (this.sealing === undefined) throw fault('no text was begun');
    if (out.length < TAG_BYTES) throw fault(`a tag does not fit into ${out.length} bytes`);
    const { openssl, pointer } = this.sealing;
    must(openssl.EVP_EncryptFinal_ex(pointer, nothing, written), 'the end of a text');
    must(openssl.EVP_CIPHER_CTX_ctrl(pointer, GET_TAG, TAG_BYTES, out), 'a tag');
  }

  /** Begins to open a text; several may be open at the same time. */
  open(nonce: Buffer, aad: Buffer): NativeOpening {
    if (nonce.length !== NONCE_BYTES) throw fault(`a nonce of ${nonce.length} bytes`);
    const { openssl } = this;
    const context = this.spare.pop() ?? this.context(openssl.EVP_DecryptInit_ex);
    must(openssl.EVP_DecryptInit_ex(context.pointer, null, null, null, nonce), 'a nonce');
    must(openssl.EVP_DecryptUpdate(context.pointer, null, written, aad, aad.length), 'additional data');
    return new NativeOpening(context, this.spare);
  }

  private context(init: OpenSsl['EVP_EncryptInit_ex']): CipherContext {
    const { openssl } = this;
    const context = new CipherContext(openssl);
    const bytes = this.key.export();
    must(init(context.pointer, openssl.EVP_aes_256_gcm(), null, bytes, null), 'a key');
    bytes.fill(0);
    return context;
  }
}

/** A text that is being opened. */
export class NativeOpening {
  private context: CipherContext | undefined;
  private readonly spare: CipherContext[];

  constructor(context: CipherContext, spare: CipherContext[]) {
    this.context = context;
    this.spare = spare;
  }

  /** Decrypts the next bytes to the start of `out`. They must not be used before `verify` said yes. */
  update(sealed: Buffer, out: Buffer): void {
    if (this.context === undefined) throw fault('a text was ended before');
    if (out.length < sealed.length) throw fault(`${sealed.length} bytes do not fit into ${out.length}`);
    if (sealed.length === 0) return;
    const { openssl, pointer } = this.context;
    must(openssl.EVP_DecryptUpdate(pointer, out, written, sealed, sealed.length), 'opening');
  }

  /** Ends the text: whether its 16-byte tag is right. */
  verify(tag: Buffer): boolean {
    if (this.context === undefined) throw fault('a text was ended before');
    if (tag.length !== TAG_BYTES) throw fault(`a tag of ${tag.length} bytes`);
    const { openssl, pointer } = this.context;
    must(openssl.EVP_CIPHER_CTX_ctrl(pointer, SET_TAG, TAG_BYTES, tag), 'a tag to check');
    const isRight = openssl.EVP_DecryptFinal_ex(pointer, nothing, written) === 1;
    if (this.spare.length < SPARE_CONTEXTS) this.spare.push(this.context);
    this.context = undefined;
    return isRight;
  }
}
