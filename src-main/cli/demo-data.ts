import { randomBytes } from 'node:crypto';

/** Data comes in blocks of this size; each begins with its number (u32, big-endian), so that no two are alike. */
export const BLOCK_BYTES = 1 << 20;
const NUMBER_BYTES = 4;

const pattern = randomBytes(BLOCK_BYTES);

/** Block number `index` of the data that the demo moves: the same in this process, different in every other. */
export function dataBlock(index: number): Buffer {
  const block = Buffer.from(pattern);
  block.writeUInt32BE(index, 0);
  return block;
}

/** Compares bytes with the demo's data, every one of them, as they come. */
export class DataCheck {
  /** Bytes taken. */
  bytes = 0;
  /** False for good after the first byte that is not the right one. */
  right = true;

  take(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && this.right) {
      const offset = this.bytes % BLOCK_BYTES;
      const part = Math.min(BLOCK_BYTES - offset, chunk.length - at);
      const wanted = offset < NUMBER_BYTES ? dataBlock(Math.floor(this.bytes / BLOCK_BYTES)) : pattern;
      this.right = chunk.compare(wanted, offset, offset + part, at, at + part) === 0;
      this.bytes += part;
      at += part;
    }
    if (!this.right) this.bytes += chunk.length - at;
  }
}
