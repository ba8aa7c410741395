import { networkInterfaces } from 'node:os';

type Interfaces = ReturnType<typeof networkInterfaces>;

/** Node has no event for it; reading the interfaces takes some 50 µs. */
const POLL_MS = 1_000;

/** The addresses by which this machine is reached, as one text to compare. Empty: only by itself. */
export function addressesOf(interfaces: Interfaces): string {
  return Object.entries(interfaces)
    .flatMap(([name, addresses]) =>
      (addresses ?? [])
        // A link-local address comes and goes with every interface and leads nowhere.
        .filter(({ internal, address }) => !internal && !/^fe80:|^169\.254\./i.test(address))
        .map(({ address, netmask }) => `${name} ${address} ${netmask}`),
    )
    .sort()
    .join('\n');
}

/**
 * Calls `onChange` when the machine's addresses changed: another Wi-Fi, a cable, a VPN. `online`: there is any.
 * Returns what ends it.
 */
export function watchNetwork(
  onChange: (online: boolean) => void,
  read: () => Interfaces = networkInterfaces,
  pollMs = POLL_MS,
): () => void {
  const look = (): string => {
    try {
      return addressesOf(read());
    } catch {
      // Some systems refuse to list interfaces: then there is nothing to notice.
      return '';
    }
  };
  let before = look();
  const timer = setInterval(() => {
    const now = look();
    if (now === before) return;
    before = now;
    onChange(now !== '');
  }, pollMs);
  timer.unref();
  return () => clearInterval(timer);
}
