import { type Cipher, createCipheriv, createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';

const STEP = 64 * 1024;
const ZEROS = Buffer.alloc(STEP);

/** Pseudo-random bytes from a seed: the key stream of AES-128-CTR. */
export class KnownBytes {
  private readonly cipher: Cipher;

  constructor(seed: number) {
    const key = createHash('sha256').update(`known bytes ${seed}`).digest().subarray(0, 16);
    this.cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  }

  /** The next `length` bytes. */
  next(length: number): Buffer {
    const parts: Buffer[] = [];
    for (let left = length; left > 0; left -= STEP) {
      parts.push(this.cipher.update(left >= STEP ? ZEROS : ZEROS.subarray(0, left)));
    }
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  }
}

/** Writes the first `bytes` bytes of a seed and ends the side. */
export async function sendKnown(to: Duplex, seed: number, bytes: number): Promise<void> {
  const source = new KnownBytes(seed);
  for (let left = bytes; left > 0; left -= STEP) {
    if (to.destroyed) throw new Error(`stream ${seed} was cut with ${left} bytes to send`);
    if (!to.write(source.next(Math.min(STEP, left)))) {
      await new Promise<void>((resolve) => {
        const go = (): void => {
          to.off('drain', go);
          to.off('close', go);
          resolve();
        };
        to.on('drain', go);
        to.on('close', go);
      });
    }
  }
  to.end();
}

/** Reads to the end and compares every byte; rejects at the first wrong, missing or further one. */
export function expectKnown(from: Duplex, seed: number, bytes: number): Promise<void> {
  const wanted = new KnownBytes(seed);
  let got = 0;
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => reject(new Error(`stream ${seed}: ${what}, at ${got} of ${bytes}`));
    // Not `for await`, which would destroy a socket whose other side is still writing.
    from.on('data', (chunk: Buffer) => {
      if (!wanted.next(chunk.length).equals(chunk)) fail('a wrong byte');
      got += chunk.length;
    });
    from.on('end', () => (got === bytes ? resolve() : fail('the end')));
    from.on('error', (error) => fail(error.message));
    from.on('close', () => fail('cut'));
  });
}
