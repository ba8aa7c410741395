import { sendParts } from './direct-write.ts';

/** What the kernel had no room for, in order. Kept, not copied. */
export class SendBacklog {
  /** Of what waits. */
  bytes = 0;
  private readonly parts: Buffer[] = [];

  get isEmpty(): boolean {
    return this.parts.length === 0;
  }

  /** Sends `parts` as far as nothing waits before them and there is room; the rest waits. Errors show when it is flushed. */
  send(fd: number, parts: readonly Buffer[]): void {
    let taken = this.parts.length === 0 ? Math.max(0, sendParts(fd, parts)) : 0;
    for (const part of parts) {
      if (taken >= part.length) {
        taken -= part.length;
        continue;
      }
      const rest = taken === 0 ? part : part.subarray(taken);
      taken = 0;
      this.parts.push(rest);
      this.bytes += rest.length;
    }
  }

  /** Sends what there is room for. Bytes; -1: nothing, and errno says why. */
  flush(fd: number): number {
    const { parts } = this;
    const sent = sendParts(fd, parts);
    if (sent <= 0) return sent;
    this.bytes -= sent;
    let left = sent;
    let whole = 0;
    while (whole < parts.length && left >= parts[whole].length) left -= parts[whole++].length;
    if (whole > 0) parts.splice(0, whole);
    if (left > 0) parts[0] = parts[0].subarray(left);
    return sent;
  }

  clear(): void {
    this.parts.length = 0;
    this.bytes = 0;
  }
}
