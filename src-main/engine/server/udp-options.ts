import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { EngineConfig } from '../config.ts';
import type { ByteBudget } from '../pump/datagram-queue.ts';
import type { DatagramTally } from '../pump/datagram-tally.ts';
import type { Lookup } from './udp-names.ts';

/** One client's UDP at the server: a stream and the sockets behind it. */
export interface Association {
  /** In order. Idempotent. */
  close(): void;
}

export interface AssociationOptions {
  limits: EngineConfig;
  clock: Clock;
  lookup: Lookup;
  tally: DatagramTally;
  /** Of the bytes that wait, at the whole server. */
  budget: ByteBudget;
  log: Logger;
  /** Called once, however it ended. */
  onOver: (association: Association) => void;
}
