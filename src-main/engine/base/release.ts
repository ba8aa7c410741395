import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { slabs } from './slabs.ts';

/** Smaller buffers may lie in Node's pool, and are not worth it. */
const WORTH_IT = 16 << 10;

type Transfer = (this: ArrayBufferLike, length: number) => ArrayBuffer;

/**
 * `ArrayBuffer.prototype.transfer` (ES2024). Node 20's V8 (11.3) has it behind a flag that became the default one
 * V8 release later.
 */
function findTransfer(): Transfer | undefined {
  const native: unknown = Reflect.get(ArrayBuffer.prototype, 'transfer');
  if (typeof native === 'function') return native as Transfer;
  if (!process.versions.v8.startsWith('11.3.')) return undefined;
  try {
    setFlagsFromString('--harmony-rab-gsab-transfer');
    const found: unknown = runInNewContext('ArrayBuffer.prototype.transfer');
    return typeof found === 'function' ? (found as Transfer) : undefined;
  } catch {
    return undefined;
  }
}

const transfer = findTransfer();

/**
 * Gives the memory of a buffer back now instead of at the next collection. The caller must own it alone: whoever
 * still looks at it sees an empty buffer, and a write of it that has not left the process would send freed memory.
 *
 * Node's ciphers have no way to write into memory one provides, so each record is a fresh allocation. Left to the
 * collector these walk through tens of megabytes and never meet the CPU's caches; given back at once the
 * allocator hands out the same warm pages again.
 */
export function release(buffer: Buffer): void {
  if (slabs.give(buffer) || transfer === undefined || buffer.length < WORTH_IT) return;
  const memory = buffer.buffer;
  if (memory instanceof ArrayBuffer && memory.byteLength === buffer.length) transfer.call(memory, 0);
}
