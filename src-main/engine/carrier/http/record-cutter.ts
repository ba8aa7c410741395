import type { CarrierRecord } from '../carrier.ts';

export interface Piece {
  readonly number: number;
  readonly offset: number;
  readonly bytes: Buffer;
}

/**
 * Cuts a record that is longer than what the path lets through in one body: it was sealed before that was known, or
 * for another carrier. One record at a time, one piece at a time.
 */
export class RecordCutter {
  private record: CarrierRecord | undefined;
  private bytes = Buffer.alloc(0);
  private number = 0;
  private offset = 0;
  private underWay = false;

  get isBusy(): boolean {
    return this.record !== undefined;
  }
  /** A piece is to be sent. */
  get isDue(): boolean {
    return this.record !== undefined && !this.underWay;
  }

  begin(record: CarrierRecord): void {
    this.record = record;
    this.bytes = Buffer.concat(record.parts);
    this.number++;
    this.offset = 0;
  }

  /** The next piece, at most `limit` bytes. */
  take(limit: number): Piece {
    this.underWay = true;
    const bytes = this.bytes.subarray(this.offset, this.offset + limit);
    return { number: this.number, offset: this.offset, bytes };
  }

  arrived(piece: Piece): void {
    this.underWay = false;
    this.offset = piece.offset + piece.bytes.length;
    if (this.offset < this.bytes.length) return;
    this.record?.written();
    this.record = undefined;
    this.bytes = Buffer.alloc(0);
  }

  /** It is sent again, perhaps in smaller pieces. */
  failed(): void {
    this.underWay = false;
  }
}
