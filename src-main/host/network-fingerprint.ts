import { isIPv4 } from 'node:net';
import type { networkInterfaces } from 'node:os';

type Interfaces = ReturnType<typeof networkInterfaces>;

/** Groups of an IPv6 address that name its network; the rest changes by itself (RFC 8981). */
const NETWORK_GROUPS = 4;

/**
 * The networks that this machine is in, as one text to compare: interface and network, without the machine's own part
 * of the address, which changes by itself. Empty: none, or they cannot be read. Two networks of the same addresses
 * look the same.
 */
export function networkFingerprint(interfaces: Interfaces): string {
  const networks = Object.entries(interfaces).flatMap(([name, addresses]) =>
    (addresses ?? [])
      // A link-local address comes with every interface and leads nowhere.
      .filter(({ internal, address }) => !internal && !/^fe80:|^169\.254\./i.test(address))
      .map(({ address, netmask }) => `${name} ${networkOf(address, netmask)}`),
  );
  return [...new Set(networks)].sort().join('\n');
}

function networkOf(address: string, netmask: string): string {
  if (isIPv4(address)) {
    const mask = netmask.split('.').map(Number);
    const network = address.split('.').map((part, index) => Number(part) & (mask[index] ?? 0));
    return `${network.join('.')}/${netmask}`;
  }
  const [before, after] = address.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const zeros = after === undefined ? 0 : Math.max(0, 8 - head.length - tail.length);
  const groups = [...head, ...Array<string>(zeros).fill('0'), ...tail];
  return `${groups.slice(0, NETWORK_GROUPS).join(':')}::/64`;
}
