import { readFile } from 'node:fs/promises';
import type { AnySocket } from './any-socket.ts';
import { descriptorOf, isLoopback } from './descriptor.ts';
import { DirectSocket } from './direct-socket.ts';
import { foreignFunctions } from './foreign.ts';
import { IPPROTO_TCP } from './system-calls.ts';

/**
 * Where BBR is the system's congestion control, it paces connections within the machine as well: a timer per burst, on a
 * path that has no rate to be found (by hand: without it a download over loopback is a tenth to a fifth faster, and an
 * echo a twentieth). Reno does not, and every Linux has it. Connections to other machines stay as the system wants them.
 */

/** <linux/tcp.h>. */
const TCP_CONGESTION = 13;
const UNPACED = Buffer.from('reno');
const STANDARD = '/proc/sys/net/ipv4/tcp_congestion_control';

type SetOption = (fd: number, level: number, name: number, value: Buffer, length: number) => number;
let setOption: SetOption | undefined;
let looked: Promise<boolean> | undefined;

/**
 * From then on `unpace` does something, if there is something to do on this system, whose congestion control is `standard`.
 * Never rejects.
 */
export function enableUnpacing(standard = readStandard()): Promise<boolean> {
  looked ??= findSetOption(standard).then((found) => {
    setOption = found;
    return found !== undefined;
  });
  return looked;
}

function readStandard(): Promise<string> {
  return readFile(STANDARD, 'latin1').catch(() => '');
}

async function findSetOption(standard: Promise<string>): Promise<SetOption | undefined> {
  if (process.platform !== 'linux' || !(await standard).startsWith('bbr')) return undefined;
  const found = await foreignFunctions({
    setsockopt: { result: 'int', parameters: ['int', 'int', 'int', 'void *', 'uint'] },
  });
  return found?.setsockopt as SetOption | undefined;
}

/** What this machine sends to itself over `socket` is no longer paced. */
export function unpace(socket: AnySocket): void {
  if (setOption === undefined) return;
  const isDirect = socket instanceof DirectSocket;
  const isLocal = isDirect ? socket.isLocal : isLoopback(socket.remoteAddress);
  if (!isLocal) return;
  const fd = isDirect ? socket.descriptor : descriptorOf(socket);
  // A system that has no Reno leaves it as it was.
  if (fd >= 0) setOption(fd, IPPROTO_TCP, TCP_CONGESTION, UNPACED, UNPACED.length);
}
