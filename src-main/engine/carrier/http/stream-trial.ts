import type { Clock } from '../../base/clock.ts';

/** After a stream broke the path is tried again no sooner than this, ms; twice as long after each further time, */
const RETRY_MS = 5_000;
/** ... at most this. */
const MAX_RETRY_MS = 30 * 60_000;

/** What is known of one direction: whether the path hands on a body as it comes. */
export class StreamTrial {
  private readonly clock: Clock;
  private state: 'unknown' | 'trying' | 'works' | 'fails';
  private failures = 0;
  private failedAt = 0;

  constructor(clock: Clock, known: boolean | undefined) {
    this.clock = clock;
    this.state = known === undefined ? 'unknown' : known ? 'works' : 'fails';
    this.failedAt = clock.now();
    if (known === false) this.failures = 1;
  }

  get works(): boolean {
    return this.state === 'works';
  }
  /** Undefined = not tried yet. */
  get known(): boolean | undefined {
    return this.state === 'works' ? true : this.state === 'fails' ? false : undefined;
  }
  get isDue(): boolean {
    if (this.state === 'unknown') return true;
    const pause = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** Math.min(20, this.failures));
    return this.state === 'fails' && this.clock.now() - this.failedAt >= pause;
  }

  begin(): void {
    this.state = 'trying';
  }

  /** A try ended. */
  result(streams: boolean): void {
    if (streams) this.state = 'works';
    else this.broke();
  }

  /** A stream stalled or was cut: the path is tried before there is another. */
  broke(): void {
    this.state = 'fails';
    this.failures++;
    this.failedAt = this.clock.now();
  }

  /** A stream lasted as long as it was to. */
  lasted(): void {
    if (this.state === 'works') this.failures = 0;
  }
}
