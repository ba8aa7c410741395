import type { CulvertError } from '../base/errors.ts';
import type { Carrier, CarrierKind } from '../carrier/carrier.ts';
import type { PathMemory } from '../carrier/http/path-memory.ts';
import type { ForeignAnswer } from './server-answer.ts';

/** Result of one try to carry a first flight to the server. */
export type CarryResult =
  | { kind: 'open'; carrier: Carrier; replies: Buffer[] }
  | ({ kind: 'answer' } & ForeignAnswer)
  | { kind: 'error'; error: CulvertError };

/** Carries a first flight to the server by some transport. Never rejects. */
export type Carry = (flight: Buffer, signal: AbortSignal) => Promise<CarryResult>;

/** A way to carry a session. */
export interface Candidate {
  /** No two of a client have the same. */
  readonly kind: CarrierKind;
  /** For people. */
  readonly name: string;
  /** Lower is better, where both work. */
  readonly rank: number;
  /** When it is tried, the next one starts this much later beside it (ms), or as soon as it fails. */
  readonly headStartMs: number;
  /** Whether it makes sense now: a transport may need something that the server or the network does not have. */
  available(): boolean;
  readonly carry: Carry;
  /** A session began: what the server's hello offers, and the round trip to it, ms. */
  learn?(features: number, rttMs: number | undefined): void;
  /** The network is another one: what was learnt about the path is forgotten. */
  forget?(): void;
  /** What was learnt, for another run on the same network. */
  memory?(): PathMemory | undefined;
}
