/** The largest value of the last `rounds` rounds. */
export class MaxFilter {
  private readonly rounds: number;
  private readonly values: Array<{ round: number; value: number }> = [];

  constructor(rounds: number) {
    this.rounds = rounds;
  }

  get max(): number {
    return this.values.length === 0 ? 0 : this.values[0].value;
  }

  /** `round` never goes back. */
  add(round: number, value: number): void {
    const { values } = this;
    // What is smaller and older than the new one can never be the largest again.
    while (values.length > 0 && values[values.length - 1].value <= value) values.pop();
    values.push({ round, value });
    while (values[0].round <= round - this.rounds) values.shift();
  }

  clear(): void {
    this.values.length = 0;
  }
}

/** Where fewer datagrams were counted than this nothing is said of loss. */
const LEAST_COUNTED = 60;
/** Old counts fade: both are halved whenever so many were counted. */
const FADE_AT = 3000;
/** More than this is not taken for a property of the path. */
const MOST = 0.3;

/** The share of datagrams that a path loses while it is not full: loss that slowing down does not mend. */
export class LossMeter {
  private lost = 0;
  private counted = 0;

  count(lost: boolean): void {
    this.counted++;
    if (lost) this.lost++;
    if (this.counted < FADE_AT) return;
    this.counted /= 2;
    this.lost /= 2;
  }

  get share(): number {
    return this.counted < LEAST_COUNTED ? 0 : Math.min(MOST, this.lost / this.counted);
  }
}
