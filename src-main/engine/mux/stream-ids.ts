import type { MuxerOptions } from './muxer-options.ts';

const SPACE = 2 ** 32;
/** Of two ids the later one is less than this ahead, as with serial numbers (RFC 1982 §3.2). */
const HALF = 2 ** 31;

interface InUse {
  has(id: number): boolean;
}

/**
 * Numbers the streams of a session: u32, odd where the client opens, even where the server does, never 0. They ascend, and
 * start again from the bottom after 2^31 streams (at 1000 a second after 24 days), past those of streams that still live.
 */
export class StreamIds {
  private own: number;
  private peers: number;
  private readonly peerParity: number;

  /** `start`: where both sides' ids start, an even number; 0 but in tests. */
  constructor(role: MuxerOptions['role'], start = 0) {
    this.own = start + (role === 'client' ? 1 : 2);
    this.peerParity = role === 'client' ? 0 : 1;
    this.peers = start;
  }

  /** For a stream that is opened here. Fewer than 2^31 are in use. */
  take(inUse: InUse): number {
    for (;;) {
      const id = this.own % SPACE;
      this.own = id + 2;
      if (id !== 0 && !inUse.has(id)) return id;
    }
  }

  /** Whether the peer may open a stream of this id now; if so, it did. */
  takePeers(id: number, inUse: InUse): boolean {
    const ahead = (id - this.peers + SPACE) % SPACE;
    if (id === 0 || id % 2 !== this.peerParity || ahead === 0 || ahead >= HALF || inUse.has(id)) return false;
    this.peers = id;
    return true;
  }
}
