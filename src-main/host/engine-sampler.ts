import type { EngineSample } from './engine-messages.ts';

/** Steps of the finest graph, ms. */
const TICK_MS = 100;
/** Counters that do not move are told this often, in ticks. */
const IDLE_TICKS = 10;

/**
 * Reads the counters ten times a second and hands on what moved; when nothing does, one sample a second says so,
 * and between them nobody is woken.
 */
export class EngineSampler {
  private readonly read: () => Omit<EngineSample, 'spanMs'>;
  private readonly send: (sample: EngineSample) => void;
  private timer: NodeJS.Timeout | undefined;
  private lastText = '';
  private lastAt = 0;
  private idle = 0;

  constructor(read: () => Omit<EngineSample, 'spanMs'>, send: (sample: EngineSample) => void) {
    this.read = read;
    this.send = send;
  }

  /** Runs while there is something to count. */
  run(wanted: boolean): void {
    if (!wanted) {
      clearInterval(this.timer);
      this.timer = undefined;
      return;
    }
    if (this.timer !== undefined) return;
    this.lastAt = Date.now();
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.timer.unref();
  }

  /** A sample now: something that is counted is about to go. */
  flush(): void {
    if (this.timer !== undefined) this.tick();
  }

  private tick(): void {
    const { at, profiles, server } = this.read();
    // A late timer, or a clock that was set: never a span of nothing.
    const spanMs = Math.max(1, at - this.lastAt);
    this.lastAt = at;
    const text = JSON.stringify([profiles, server]);
    this.idle = text === this.lastText ? this.idle + 1 : 0;
    this.lastText = text;
    if (this.idle === 0 || this.idle % IDLE_TICKS === 0) this.send({ at, spanMs, profiles, server });
  }
}
