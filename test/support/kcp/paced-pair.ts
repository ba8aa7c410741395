import { PacedLink, type PacedLinkOptions } from '../../../src-main/engine/carrier/kcp/paced-link.ts';
import type { FakeClock } from '../fake-clock.ts';
import type { Seeded } from '../seeded.ts';
import type { SimLink } from './sim-link.ts';

/** As the sealed envelope costs. */
export const OVERHEAD = 32;
const SIZES = [1200, 1472];

export interface PairOptions {
  clock: FakeClock;
  random: Seeded;
  there: SimLink;
  back: SimLink;
  options?: Partial<PacedLinkOptions>;
}

/** Two ends of the paced mode over a simulated path. */
export interface PacedPair {
  near: PacedLink;
  far: PacedLink;
  onNear: (data: Buffer) => void;
  onFar: (data: Buffer) => void;
  onNearWritable: () => void;
}

export function makePair({ clock, random, there, back, options }: PairOptions): PacedPair {
  const make = (way: SimLink, peer: () => PacedLink, hooks: Partial<PacedLinkOptions>): PacedLink =>
    new PacedLink({
      conv: 7,
      clock,
      random: random.source,
      overhead: OVERHEAD,
      sizes: SIZES,
      windowBytes: 64 << 20,
      receiveBytes: 8 << 20,
      maySend: () => true,
      send: (number, body) => {
        const copy = Buffer.from(body);
        way.carry(copy.length + OVERHEAD, () => {
          peer().receive(number, copy);
          peer().flush();
        });
      },
      deliver: () => {},
      onWritable: () => {},
      onDead: (reason) => {
        throw reason;
      },
      ...hooks,
      ...options,
    });
  const near: PacedLink = make(there, () => far, {
    deliver: (data) => pair.onNear(data),
    onWritable: () => pair.onNearWritable(),
  });
  const far: PacedLink = make(back, () => near, { deliver: (data) => pair.onFar(data) });
  const pair: PacedPair = { near, far, onNear: () => {}, onFar: () => {}, onNearWritable: () => {} };
  return pair;
}

/** Writes known bytes for as long as the pair takes them; gives how many were written. */
export function keepFull(pair: PacedPair, until: () => boolean): { written: number } {
  const state = { written: 0 };
  const chunk = Buffer.alloc(16 << 10);
  const more = (): void => {
    while (pair.near.writable && !until()) {
      for (let i = 0; i < chunk.length; i++) chunk[i] = (state.written + i) % 251;
      pair.near.write([chunk]);
      state.written += chunk.length;
    }
    pair.near.flush();
  };
  pair.onNearWritable = more;
  more();
  return state;
}
