import { useOpenSsl } from '../crypto/native.ts';
import { enableDirectSockets } from './direct-runtime.ts';
import { enableDirectWrites } from './direct-write.ts';
import { enableUnpacing } from './local-pacing.ts';
import { findOpenSsl } from './openssl-library.ts';

let enabled: Promise<void> | undefined;

/**
 * What this thread can do by calling C itself: seal and open records, serve sockets, and leave local ones unpaced. To
 * be awaited before the first session; where it cannot be had, Node serves, with the same bytes. Never rejects.
 */
export function enableNative(): Promise<void> {
  enabled ??= Promise.all([
    findOpenSsl().then(useOpenSsl),
    enableDirectWrites(),
    enableDirectSockets(),
    enableUnpacing(),
  ]).then(() => {});
  return enabled;
}
