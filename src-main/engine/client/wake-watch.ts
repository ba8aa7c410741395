import type { Clock, Timer } from '../base/clock.ts';

const TICK_MS = 2_000;
/** The wall clock ran on by this much more than the timer says: the machine slept, or its clock was set. */
const JUMP_MS = 5_000;

/** Notices that the machine slept: the wall clock then jumps between two ticks. */
export class WakeWatch {
  private readonly clock: Clock;
  private readonly onWake: (sleptMs: number) => void;
  private timer: Timer | undefined;

  constructor(clock: Clock, onWake: (sleptMs: number) => void) {
    this.clock = clock;
    this.onWake = onWake;
  }

  start(): void {
    this.stop();
    const before = this.clock.wall();
    this.timer = this.clock.after(TICK_MS, () => {
      const late = this.clock.wall() - before - TICK_MS;
      this.start();
      if (late >= JUMP_MS) this.onWake(late);
    });
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }
}
