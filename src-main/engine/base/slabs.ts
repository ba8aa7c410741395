/**
 * Memory for bulk, lent and given back, so that the same few pages stay in the CPU's caches: what the collector has to
 * find walks through tens of megabytes instead.
 */

/** A large slab holds a full record with all its headers, a small one a quarter of it. */
export const LARGE_SLAB_BYTES = (256 << 10) + 4096 + 256;
export const SMALL_SLAB_BYTES = (64 << 10) + 256;
/** Free slabs that a thread keeps, together 12 MiB: as much as eight busy streams have on their way. */
const LARGE_KEPT = 32;
const SMALL_KEPT = 64;
/** The shortest bulk is a read of half as much as a small slab holds. */
const SMALL_FROM = 32 << 10;
/** What is shorter is no piece of a slab, or not worth finding out: looking at a view's memory is a call. */
const SHORTEST_PIECE = 4 << 10;
/** Below this a buffer may come from Node's own pool. */
const POOLED = 16 << 10;

export class Slabs {
  private readonly large: Buffer[] = [];
  private readonly small: Buffer[] = [];
  /** Memory that somebody has. One who never gives it back leaves it to the collector. */
  private readonly lent = new WeakSet<ArrayBufferLike>();

  /**
   * Memory for `bytes`, of unspecified content: at least that many, or, where they are more than a slab holds, a whole
   * one. About twice as many at most, so that who holds a piece does not pin much.
   */
  room(bytes: number): Buffer {
    if (bytes >= LARGE_SLAB_BYTES / 2) return this.take(this.large, LARGE_SLAB_BYTES);
    if (bytes >= SMALL_FROM) return this.take(this.small, SMALL_SLAB_BYTES);
    return bytes < POOLED ? Buffer.allocUnsafe(bytes) : Buffer.allocUnsafeSlow(bytes);
  }

  private take(free: Buffer[], size: number): Buffer {
    const slab = free.pop() ?? Buffer.allocUnsafeSlow(size);
    this.lent.add(slab.buffer);
    return slab;
  }

  /** Takes back the slab that `part` is of. False: it is of none, or its slab was given back before. */
  give(part: Buffer): boolean {
    if (part.length < SHORTEST_PIECE) return false;
    const memory = part.buffer;
    const isLarge = memory.byteLength === LARGE_SLAB_BYTES;
    if (!isLarge && memory.byteLength !== SMALL_SLAB_BYTES) return false;
    if (!this.lent.delete(memory)) return false;
    const free = isLarge ? this.large : this.small;
    if (free.length < (isLarge ? LARGE_KEPT : SMALL_KEPT)) free.push(Buffer.from(memory));
    return true;
  }
}

/** Of this thread. */
export const slabs = new Slabs();
