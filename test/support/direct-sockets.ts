import { directRuntime, enableDirectSockets } from '../../src-main/engine/native/direct-runtime.ts';
import type { DirectRuntime } from '../../src-main/engine/native/direct-socket.ts';

/** What serves direct sockets here. A system that has none fails the test. */
export async function directSockets(): Promise<DirectRuntime> {
  await enableDirectSockets();
  const found = directRuntime();
  if (found === undefined) throw new Error('this system has no direct sockets');
  return found;
}
