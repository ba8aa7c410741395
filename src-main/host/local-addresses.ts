import { networkInterfaces } from 'node:os';
import type { ServerView } from '../../src-shared/embedded-server.ts';

const MAX_ADDRESSES = 64;
/** Interfaces of virtual machines and containers: others rarely reach this machine by them. */
const VIRTUAL = /^(?:docker|br-|veth|virbr|vmnet|vboxnet|utun|tun|tap|wg|zt|tailscale|lo)/i;

/** The addresses that others may reach this machine by: the likeliest first. Loopback and link-local ones are none. */
export function localAddresses(interfaces = networkInterfaces()): ServerView['addresses'] {
  const found = Object.entries(interfaces).flatMap(([network, addresses]) =>
    (addresses ?? [])
      .filter(({ internal, address }) => !internal && !/^(?:fe80:|169\.254\.)/i.test(address))
      .map(({ address, family }) => ({
        address,
        network: network.slice(0, 64),
        rank: (VIRTUAL.test(network) ? 2 : 0) + (family === 'IPv4' ? 0 : 1),
      })),
  );
  return found
    .sort((a, b) => a.rank - b.rank)
    .slice(0, MAX_ADDRESSES)
    .map(({ address, network }) => ({ address, network }));
}
