import type { OpenSsl } from '../crypto/openssl.ts';
import { foreignFunctions, type Signature } from './foreign.ts';

const P = 'void *';
/** A context, as an address: cheaper to hand over and back than a pointer. */
const C = 'uintptr_t';
const SIGNATURES: Readonly<Record<keyof OpenSsl, Signature>> = {
  EVP_CIPHER_CTX_new: { result: C, parameters: [] },
  EVP_CIPHER_CTX_free: { result: 'void', parameters: [C] },
  EVP_CIPHER_CTX_set_padding: { result: 'int', parameters: [C, 'int'] },
  EVP_CIPHER_CTX_ctrl: { result: 'int', parameters: [C, 'int', 'int', P] },
  EVP_aes_256_gcm: { result: P, parameters: [] },
  EVP_aes_256_ecb: { result: P, parameters: [] },
  EVP_EncryptInit_ex: { result: 'int', parameters: [C, P, P, P, P] },
  EVP_EncryptUpdate: { result: 'int', parameters: [C, P, P, P, 'int'] },
  EVP_EncryptFinal_ex: { result: 'int', parameters: [C, P, P] },
  EVP_DecryptInit_ex: { result: 'int', parameters: [C, P, P, P, P] },
  EVP_DecryptUpdate: { result: 'int', parameters: [C, P, P, P, 'int'] },
  EVP_DecryptFinal_ex: { result: 'int', parameters: [C, P, P] },
};

/** This process's OpenSSL; undefined where there is none, or no way to call it. Never rejects. */
export async function findOpenSsl(): Promise<OpenSsl | undefined> {
  // Which functions a later major version has is not known yet.
  if (!/^[13]\./.test(process.versions.openssl ?? '')) return undefined;
  return (await foreignFunctions(SIGNATURES)) as OpenSsl | undefined;
}
