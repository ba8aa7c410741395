/**
 * The OpenSSL inside Node, called directly.
 *
 * A cipher of node:crypto is an object per text, and its output is memory of its own, which Node 20 zeroes and copies
 * besides. Node offers OpenSSL's functions to native modules, though, and by way of koffi, a foreign function interface
 * and an optional dependency, they write where they are told to. Where koffi is missing, or the runtime has no OpenSSL
 * of its own (Electron has BoringSSL), node:crypto serves; the bytes are the same.
 */

/** A context's address; a bigint beyond 2^53. */
export type Context = number | bigint;
/** What EVP_aes_256_gcm(3) and the like give. */
export type Pointer = bigint;
type Memory = Buffer | null;

/** EVP_CIPHER(3) of OpenSSL. Each `number` that comes back is 1, or something failed. */
export interface OpenSsl {
  EVP_CIPHER_CTX_new(): Context;
  EVP_CIPHER_CTX_free(context: Context): void;
  EVP_CIPHER_CTX_set_padding(context: Context, padding: number): number;
  EVP_CIPHER_CTX_ctrl(context: Context, type: number, argument: number, memory: Memory): number;
  EVP_aes_256_gcm(): Pointer;
  EVP_aes_256_ecb(): Pointer;
  EVP_EncryptInit_ex(
    context: Context,
    cipher: Pointer | null,
    engine: null,
    key: Memory,
    nonce: Memory,
  ): number;
  EVP_EncryptUpdate(context: Context, out: Memory, written: Buffer, text: Buffer, length: number): number;
  EVP_EncryptFinal_ex(context: Context, out: Buffer, written: Buffer): number;
  EVP_DecryptInit_ex(
    context: Context,
    cipher: Pointer | null,
    engine: null,
    key: Memory,
    nonce: Memory,
  ): number;
  EVP_DecryptUpdate(context: Context, out: Memory, written: Buffer, text: Buffer, length: number): number;
  EVP_DecryptFinal_ex(context: Context, out: Buffer, written: Buffer): number;
}
