import type { Poll } from '../../wire/poll.ts';
import type { Flow } from '../carrier.ts';

/** Joins the pieces of records that are too long for the path (see `RecordCutter`), at the server. */
export class PieceJoiner {
  private readonly openFlow: () => Flow;
  private current: { number: number; flow: Flow; next: number } | undefined;

  constructor(openFlow: () => Flow) {
    this.openFlow = openFlow;
  }

  /**
   * Pieces come in order; what was there before is skipped, of earlier records too: a proxy may have held a request that
   * its sender gave up. Throws what the flow throws.
   */
  push(poll: Poll, chunks: readonly Buffer[]): void {
    if (poll.offset === 0 && poll.piece > (this.current?.number ?? 0))
      this.current = { number: poll.piece, flow: this.openFlow(), next: 0 };
    const { current } = this;
    const known = current?.number === poll.piece ? current.next - poll.offset : -1;
    if (current === undefined || known < 0 || known >= poll.bytes) return;
    current.next += poll.bytes - known;
    current.flow.push(Buffer.concat(chunks).subarray(known));
  }
}
