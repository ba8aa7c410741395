/**
 * Our ARQ and the reference's, talking to each other over a link that loses, doubles and reorders, in each mode and
 * each direction at once: `npm run interop -- path/to/ikcp.c`. Prints a line per run; exit code 1 when a byte differs.
 */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { ARQ_MODES, Arq, type ArqMode } from '../../src-main/engine/carrier/kcp/arq.ts';
import { Seeded } from '../support/seeded.ts';
import { projectRoot, temporaryFolder } from './rig.ts';

const CONV = 0x1234_5678;
const WINDOW = 256;
const MTU = 1400;
const TOTAL = 1 << 20;
const STEP_MS = 5;

/** The reference in a process of its own, one line at a time. */
class Reference {
  readonly messages: Buffer[] = [];
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly waiting: Array<(outputs: Buffer[]) => void> = [];
  private outputs: Buffer[] = [];

  constructor(driver: string, mode: ArqMode) {
    const { noDelay, interval, resend, noCongestion } = mode;
    const numbers = [CONV, noDelay, interval, resend, noCongestion ? 1 : 0, 0, MTU, WINDOW, WINDOW];
    this.child = spawn(driver, ['pipe', ...numbers.map(String)]);
    createInterface(this.child.stdout).on('line', (line) => {
      const bytes = Buffer.from(line.slice(2), 'hex');
      if (line.startsWith('m ')) this.messages.push(bytes);
      else if (line.startsWith('o ')) this.outputs.push(bytes);
      else if (line === '.') this.waiting.shift()?.(this.outputs.splice(0));
    });
  }

  /** Gives the datagrams that the call put out. */
  call(line: string): Promise<Buffer[]> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.child.stdin.write(`${line}\n`);
    });
  }

  close(): void {
    this.child.stdin.end();
  }
}

interface Flight {
  at: number;
  datagram: Buffer;
}

class LossyWay {
  private readonly random: Seeded;
  private flights: Flight[] = [];

  constructor(seed: number) {
    this.random = new Seeded(seed);
  }

  put(datagram: Buffer, now: number): void {
    const { random } = this;
    if (random.chance(0.1)) return;
    const copies = random.chance(0.03) ? 2 : 1;
    for (let i = 0; i < copies; i++)
      this.flights.push({ at: now + 20 + random.int(0, random.chance(0.05) ? 60 : 10), datagram });
  }

  due(now: number): Buffer[] {
    const due = this.flights.filter(({ at }) => at <= now);
    this.flights = this.flights.filter(({ at }) => at > now);
    return due.map(({ datagram }) => datagram);
  }
}

const digest = (parts: readonly Buffer[]): string =>
  createHash('sha256').update(Buffer.concat(parts)).digest('hex');

async function talk(driver: string, name: string, mode: ArqMode, seed: number): Promise<boolean> {
  const random = new Seeded(seed);
  const [toThem, toUs] = [new LossyWay(seed + 1), new LossyWay(seed + 2)];
  const them = new Reference(driver, mode);
  let now = 1000;
  const us = new Arq({
    conv: CONV,
    mode,
    mtu: MTU,
    sendWindow: WINDOW,
    receiveWindow: WINDOW,
    stream: false,
    output: (datagram) => toThem.put(datagram, now),
  });
  const [ours, theirs, received] = [[] as Buffer[], [] as Buffer[], [] as Buffer[]];
  let [left, theirLeft] = [TOTAL, TOTAL];
  const size = (parts: readonly Buffer[]): number => parts.reduce((sum, { length }) => sum + length, 0);
  const limit = now + 600_000;
  while (now < limit && (size(received) < TOTAL || size(them.messages) < TOTAL)) {
    now += STEP_MS;
    for (const datagram of toUs.due(now)) us.input(datagram);
    us.update(now);
    for (let message = us.receive(); message !== undefined; message = us.receive()) received.push(message);
    if (left > 0 && us.waiting < WINDOW) {
      const message = random.bytes(Math.min(left, random.int(1, 20_000)));
      us.send(message);
      ours.push(message);
      left -= message.length;
    }
    const calls = toThem.due(now).map((datagram) => `i ${datagram.toString('hex')}`);
    if (theirLeft > 0 && random.chance(0.5)) {
      const message = random.bytes(Math.min(theirLeft, random.int(1, 8000)));
      calls.push(`s ${message.toString('hex')}`);
      theirs.push(message);
      theirLeft -= message.length;
    }
    for (const call of [...calls, `u ${now}`]) for (const out of await them.call(call)) toUs.put(out, now);
  }
  them.close();
  const good = digest(received) === digest(theirs) && digest(them.messages) === digest(ours);
  console.log(
    `${name}: ${good ? 'exact both ways' : 'DIFFERENT'}, ${TOTAL} bytes each, ${now - 1000} ms of its clock`,
  );
  return good;
}

const reference = process.argv[2];
if (reference === undefined) {
  console.error('usage: npm run interop -- path/to/ikcp.c');
  process.exit(2);
}
const folder = temporaryFolder();
try {
  const driver = join(folder.path, 'driver');
  const source = join(projectRoot(), 'test', 'support', 'kcp', 'reference-driver.c');
  const args = ['-O1', '-fwrapv', `-I${dirname(reference)}`, '-o', driver, source, reference];
  execFileSync(process.env.CC ?? 'cc', args);
  for (const [name, mode] of Object.entries(ARQ_MODES)) {
    if (!(await talk(driver, name, mode, 1))) process.exitCode = 1;
  }
} finally {
  folder.remove();
}
