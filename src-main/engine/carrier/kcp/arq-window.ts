const LEAST_THRESHOLD = 2;

/** The congestion window of the reference: slow start, then one segment more per round; 32-bit arithmetic. */
export class ArqWindow {
  /** Segments that may be in flight. */
  segments = 0;
  private threshold = LEAST_THRESHOLD;
  private bytes = 0;
  private readonly mss: number;

  constructor(mss: number) {
    this.mss = mss;
  }

  acknowledged(peerWindow: number): void {
    const { mss } = this;
    if (this.segments >= peerWindow) return;
    if (this.segments < this.threshold) {
      this.segments++;
      this.bytes = (this.bytes + mss) >>> 0;
    } else {
      this.bytes = Math.max(this.bytes, mss);
      const step = Math.floor((Math.imul(mss, mss) >>> 0) / this.bytes) + (mss >>> 4);
      this.bytes = (this.bytes + step) >>> 0;
      if (Math.imul(this.segments + 1, mss) >>> 0 <= this.bytes) {
        this.segments = Math.floor(((this.bytes + mss - 1) >>> 0) / Math.max(1, mss));
      }
    }
    if (this.segments > peerWindow) {
      this.segments = peerWindow;
      this.bytes = Math.imul(peerWindow, mss) >>> 0;
    }
  }

  /** Segments were sent again because later ones arrived. */
  early(inFlight: number, resend: number): void {
    this.threshold = Math.max(LEAST_THRESHOLD, inFlight >>> 1);
    this.segments = (this.threshold + resend) >>> 0;
    this.bytes = Math.imul(this.segments, this.mss) >>> 0;
  }

  /** Segments were sent again because of their timeout. `allowed`: what the flush let go. */
  lost(allowed: number): void {
    this.threshold = Math.max(LEAST_THRESHOLD, allowed >>> 1);
    this.segments = 1;
    this.bytes = this.mss;
  }

  atLeastOne(): void {
    if (this.segments >= 1) return;
    this.segments = 1;
    this.bytes = this.mss;
  }
}
