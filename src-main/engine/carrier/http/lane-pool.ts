import type { Clock } from '../../base/clock.ts';
import type { Lane } from './lane.ts';

export interface KeptLane {
  readonly lane: Lane;
  idleSince: number;
}

/** Idle connections beyond `KEPT` are closed after this, ms. */
const IDLE_MS = 15_000;
const KEPT = 2;

/** The connections of one HTTP carrier. */
export class LanePool {
  private readonly lanes: KeptLane[];
  private readonly make: () => Lane;
  private readonly clock: Clock;

  constructor(first: Lane, make: () => Lane, clock: Clock) {
    this.lanes = [{ lane: first, idleSince: clock.now() }];
    this.make = make;
    this.clock = clock;
  }

  get size(): number {
    return this.lanes.length;
  }

  /** A lane without a request; a new one while there are fewer than `most`. The one used last comes first. */
  free(most: number): KeptLane | undefined {
    let best: KeptLane | undefined;
    for (const kept of this.lanes) {
      if (!kept.lane.busy && (best === undefined || kept.idleSince > best.idleSince)) best = kept;
    }
    if (best !== undefined || this.lanes.length >= most) return best;
    const made = { lane: this.make(), idleSince: this.clock.now() };
    this.lanes.push(made);
    return made;
  }

  /** Closes what has not been needed for a while. */
  age(): void {
    const now = this.clock.now();
    for (const kept of [...this.lanes]) {
      if (this.lanes.length <= KEPT) return;
      if (kept.lane.busy || now - kept.idleSince < IDLE_MS) continue;
      this.lanes.splice(this.lanes.indexOf(kept), 1);
      kept.lane.destroy();
    }
  }

  destroy(): void {
    for (const { lane } of this.lanes) lane.destroy();
  }
}
