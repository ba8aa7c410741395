import type { DirectRuntime } from './direct-socket.ts';
import { enableDirectWrites } from './direct-write.ts';
import { Poller } from './poller.ts';
import { findSystemCalls } from './system-calls.ts';

let runtime: DirectRuntime | undefined;
let looked: Promise<boolean> | undefined;

/** From then on there is a `directRuntime`, where one can be had. Never rejects. */
export function enableDirectSockets(): Promise<boolean> {
  looked ??= make();
  return looked;
}

async function make(): Promise<boolean> {
  const [calls, canWrite] = await Promise.all([findSystemCalls(), enableDirectWrites()]);
  if (calls === undefined || !canWrite) return false;
  try {
    runtime = { calls, poller: new Poller(calls) };
    return true;
  } catch {
    return false;
  }
}

export function directRuntime(): DirectRuntime | undefined {
  return runtime;
}
