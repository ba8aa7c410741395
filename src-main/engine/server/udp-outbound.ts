import { lookup } from 'node:dns/promises';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { EngineConfig } from '../config.ts';
import type { IncomingStream } from '../mux/muxer-options.ts';
import type { Target } from '../mux/types.ts';
import { ByteBudget } from '../pump/datagram-queue.ts';
import type { DatagramTally } from '../pump/datagram-tally.ts';
import { STREAM_PROTOCOL } from '../wire/frame.ts';
import { sharedLookup } from './shared-lookup.ts';
import { UdpAssociation } from './udp-association.ts';
import type { Lookup } from './udp-names.ts';
import type { Association, AssociationOptions } from './udp-options.ts';
import { UdpTarget } from './udp-target.ts';

/** The UDP of one session. */
export interface UdpOwner {
  /** Associations it has now. */
  open: number;
  readonly tally: DatagramTally;
}

export interface UdpOutboundOptions {
  config: EngineConfig;
  clock: Clock;
  log: Logger;
  /** Default: the system's. */
  lookup?: Lookup;
}

const systemLookup: Lookup = async (name) =>
  (await lookup(name, { all: true })).map(({ address }) => address);

/** The server's UDP: counts associations, per session and in all, and refuses those beyond the caps. */
export class UdpOutbound {
  private readonly options: UdpOutboundOptions;
  private readonly associations = new Set<Association>();
  private readonly budget: ByteBudget;
  private readonly lookup: Lookup;

  constructor(options: UdpOutboundOptions) {
    this.options = options;
    this.lookup = sharedLookup(options.lookup ?? systemLookup, options.clock);
    this.budget = new ByteBudget(options.config.udpQueueTotalBytes);
  }

  /** Associations of all sessions. */
  get size(): number {
    return this.associations.size;
  }

  /** Takes a stream of protocol `udp` or `udpMany`. */
  serve(incoming: IncomingStream, target: Target, protocol: number, owner: UdpOwner): void {
    const { config, clock, log } = this.options;
    const [open, cap] =
      owner.open >= config.udpAssociations
        ? [owner.open, config.udpAssociations]
        : [this.size, config.udpAssociationsTotal];
    if (open >= cap) {
      log.warn(`refused a UDP association: ${cap} are open already`);
      return incoming.fail('limit', `${cap} UDP associations are open already`);
    }
    let over = false;
    const options: AssociationOptions = {
      limits: config,
      clock,
      lookup: this.lookup,
      tally: owner.tally,
      budget: this.budget,
      log,
      onOver: (association) => {
        over = true;
        owner.open--;
        this.associations.delete(association);
      },
    };
    owner.open++;
    const association =
      protocol === STREAM_PROTOCOL.udpMany
        ? new UdpAssociation(incoming, options)
        : new UdpTarget(incoming, target, options);
    if (!over) this.associations.add(association);
  }

  /** Ends all in order. */
  close(): void {
    for (const association of [...this.associations]) association.close();
  }
}
