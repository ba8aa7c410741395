import type { Writable } from 'node:stream';
import { writeAll } from '../../native/direct-write.ts';

/** Ends a chunked body (RFC 9112 §7.1), without trailers. */
export const LAST_CHUNK = '0\r\n\r\n';

const CHUNK_END = Buffer.from('\r\n');

/**
 * Writes one chunk in one go. Returns its length on the wire. Nothing of no bytes, which is the end of a body: so would
 * be the block of a carrier that ends, and what follows would be the next message.
 */
export function writeChunk(to: Writable, parts: readonly Buffer[], onWritten: () => void): number {
  let bytes = 0;
  for (const part of parts) bytes += part.length;
  if (bytes === 0) {
    onWritten();
    return 0;
  }
  const head = Buffer.from(`${bytes.toString(16)}\r\n`, 'latin1');
  writeAll(to, [head, ...parts, CHUNK_END], onWritten);
  return head.length + bytes + CHUNK_END.length;
}
