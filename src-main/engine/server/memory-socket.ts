import { Duplex } from 'node:stream';

/** Chunks of one write up to this size in all become one chunk, as one `writev` becomes one segment. */
const COALESCE_BYTES = 64 * 1024;

type WriteCallback = (error?: Error | null) => void;

/** Where the client of a connection is; `http` hands it on as `req.socket.remoteAddress`. */
export interface Peer {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** `ECONNRESET`, as the system says it. */
function resetError(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
}

/**
 * One end of a connection inside the process, with the parts of `net.Socket` that `http.Server` uses: half-close,
 * back-pressure, idle time-out. An end that is destroyed reads as a FIN at the other end, after all that was
 * written; what the other end then writes fails with ECONNRESET.
 */
export class MemorySocket extends Duplex {
  remoteAddress: string | undefined;
  remotePort: number | undefined;
  private other: MemorySocket | undefined;
  private heldWrite: WriteCallback | undefined;
  private endReceived = false;
  private idle: NodeJS.Timeout | undefined;

  private constructor(peer: Peer) {
    super({ allowHalfOpen: true });
    this.remoteAddress = peer.remoteAddress;
    this.remotePort = peer.remotePort;
  }

  static pair(peer: Peer): [MemorySocket, MemorySocket] {
    const near = new MemorySocket(peer);
    const far = new MemorySocket(peer);
    near.other = far;
    far.other = near;
    return [near, far];
  }

  /** As `net.Socket.setTimeout`: emits `timeout` after `ms` without traffic; 0 turns it off. */
  setTimeout(ms: number, onTimeout?: () => void): this {
    clearTimeout(this.idle);
    this.idle = ms > 0 ? setTimeout(() => this.emit('timeout'), ms).unref() : undefined;
    if (onTimeout !== undefined) this.once('timeout', onTimeout);
    return this;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: WriteCallback): void {
    this.deliver([chunk], callback);
  }

  override _writev(chunks: { chunk: Buffer }[], callback: WriteCallback): void {
    const parts = chunks.map((entry) => entry.chunk);
    let size = 0;
    for (const part of parts) size += part.length;
    this.deliver(size <= COALESCE_BYTES ? [Buffer.concat(parts, size)] : parts, callback);
  }

  override _final(callback: WriteCallback): void {
    this.other?.receiveEnd();
    callback();
  }

  override _read(): void {
    const callback = this.heldWrite;
    this.heldWrite = undefined;
    callback?.();
  }

  override _destroy(error: Error | null, callback: WriteCallback): void {
    clearTimeout(this.idle);
    const { other, heldWrite } = this;
    this.other = undefined;
    this.heldWrite = undefined;
    if (other !== undefined) {
      other.other = undefined;
      heldWrite?.(resetError());
      other.receiveEnd();
    }
    callback(error);
  }

  private deliver(parts: Buffer[], callback: WriteCallback): void {
    this.idle?.refresh();
    if (this.other === undefined) callback(resetError());
    else this.other.receive(parts, callback);
  }

  /** Takes all of one write; the writer goes on once the last part fits. */
  private receive(parts: Buffer[], callback: WriteCallback): void {
    this.idle?.refresh();
    let room = true;
    for (const part of parts) room = this.push(part);
    if (room || this.destroyed) callback();
    else this.heldWrite = callback;
  }

  private receiveEnd(): void {
    if (this.endReceived || this.destroyed) return;
    this.endReceived = true;
    this.push(null);
  }
}
