import type { RandomBytes } from '../../src-main/engine/base/clock.ts';

/** Repeatable randomness for tests: the same seed, the same run (mulberry32). Not for anything secret. */
export class Seeded {
  private state: number;

  constructor(seed: number) {
    this.state = (seed ^ 0x9e37_79b9) >>> 0;
  }

  /** From 0 to below 1. */
  unit(): number {
    this.state = (this.state + 0x6d2b_79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both bounds included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)];
  }

  bytes(length: number): Buffer {
    const out = Buffer.allocUnsafe(length);
    let at = 0;
    for (; at + 4 <= length; at += 4) out.writeUInt32LE(Math.floor(this.unit() * 2 ** 32), at);
    for (; at < length; at++) out[at] = this.int(0, 255);
    return out;
  }

  get source(): RandomBytes {
    return (length) => this.bytes(length);
  }
}

/** Cuts `bytes` at random places into pieces of 1 to `longest`. */
export function cutRandomly(bytes: Buffer, random: Seeded, longest: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const next = Math.min(bytes.length, at + random.int(1, longest));
    pieces.push(bytes.subarray(at, next));
    at = next;
  }
  return pieces;
}

/** Byte `i` of a flow of its own: no two flows, and no two near places in one, look alike. */
export function pattern(flow: number, from: number, length: number): Buffer {
  const out = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) {
    const at = from + i;
    out[i] = Math.imul(at ^ (flow * 0x9e37), 0x9e37_79b1) >>> 24;
  }
  return out;
}
