import type { EngineSample } from './engine-messages.ts';

/** Steps of the finest graph, ms. */
const TICK_MS = 100;
/** Counters that do not move are told this often, ms. */
const STILL_MS = 1_000;
/** After so long without a change the counters are read less often: an app that only waits should cost nothing. ms. */
const CALM_MS = 5_000;
const CALM_TICK_MS = 500;

/**
 * Reads the counters ten times a second and hands on what moved; when nothing does, one sample a second says so,
 * and between them nobody is woken.
 */
export class EngineSampler {
  private readonly read: () => Omit<EngineSample, 'spanMs'>;
  private readonly send: (sample: EngineSample) => void;
  private timer: NodeJS.Timeout | undefined;
  private lastText = '';
  /** When the counters were read, when they moved, and when they were told, ms. */
  private lastAt = 0;
  private movedAt = 0;
  private toldAt = 0;

  constructor(read: () => Omit<EngineSample, 'spanMs'>, send: (sample: EngineSample) => void) {
    this.read = read;
    this.send = send;
  }

  /** Runs while there is something to count. */
  run(wanted: boolean): void {
    if (!wanted) {
      if (this.timer === undefined) return;
      clearTimeout(this.timer);
      this.timer = undefined;
      // The last one says that there is nothing any more; else the one before would stand.
      this.take();
      return;
    }
    // What is new to count is looked at closely from the start.
    this.movedAt = Date.now();
    if (this.timer !== undefined) return;
    this.lastAt = this.movedAt;
    this.plan();
  }

  /** A sample now: something that is counted is about to go. */
  flush(): void {
    if (this.timer !== undefined) this.take();
  }

  private plan(): void {
    const calm = this.lastAt - this.movedAt > CALM_MS;
    this.timer = setTimeout(
      () => {
        this.take();
        this.plan();
      },
      calm ? CALM_TICK_MS : TICK_MS,
    ).unref();
  }

  private take(): void {
    const { at, profiles, server } = this.read();
    // A late timer, or a clock that was set: never a span of nothing.
    const spanMs = Math.max(1, at - this.lastAt);
    this.lastAt = at;
    const text = JSON.stringify([profiles, server]);
    const moved = text !== this.lastText;
    this.lastText = text;
    if (moved) this.movedAt = at;
    // A clock that was set back would keep it silent.
    if (!moved && at - this.toldAt < STILL_MS && at >= this.toldAt) return;
    this.toldAt = at;
    this.send({ at, spanMs, profiles, server });
  }
}
