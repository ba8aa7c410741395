import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { CulvertError } from '../../src-main/engine/base/errors.ts';
import { type CulvertPair, startCulvert } from '../bench/culvert.ts';
import { type ProcessUsage, readUsage } from '../bench/proc.ts';
import { type Managed, ProcessSet } from '../bench/processes.ts';
import { compiledModule, waitUntilReady } from '../bench/rig.ts';
import { Load } from './load.ts';
import { STRESS_DEFAULTS, type StressOptions } from './options.ts';
import type { CulvertUsage, StressResult } from './result.ts';
import {
  type ClientCounters,
  clientLine,
  headLine,
  NO_CLIENT_COUNTERS,
  NO_SERVER_COUNTERS,
  type ServerCounters,
  serverLine,
} from './status.ts';
import { summaryLines } from './summary.ts';

const STATUS_INTERVAL_MS = 1000;
const COUNTERS_TIMEOUT_MS = 2000;

export interface StressIo {
  /** Gets each line of the status and the summary. */
  readonly print?: (line: string) => void;
  /** Ends the run early; the result then says `interrupted`. */
  readonly signal?: AbortSignal;
}

/**
 * Runs the load against a real Culvert server and client and a WebSocket echo server, each a process of its own,
 * and ends them all.
 * @throws {CulvertError} ERR_INTERNAL when one of them does not come up
 */
export async function runStress(
  given: Partial<StressOptions> = {},
  io: StressIo = {},
): Promise<StressResult> {
  const options = { ...STRESS_DEFAULTS, ...given };
  const processes = new ProcessSet();
  // While they come up; `measure` has its own way to end early.
  const stopEarly = (): void => void processes.stopAll();
  io.signal?.addEventListener('abort', stopEarly);
  try {
    const echo = processes.start('echo server', process.execPath, [compiledModule('stress/echo-server')], {
      ipc: true,
    });
    const port = await echo.message(portOf, 10_000);
    if (port === undefined) throw new CulvertError('ERR_INTERNAL', `no echo server: ${echo.tail()}`);
    const pair = await startCulvert(processes, { ...options, targetPort: port, probe: webSocketProbe });
    io.signal?.removeEventListener('abort', stopEarly);
    await forgetProbes(echo);
    return await measure(options, pair, echo, io);
  } finally {
    io.signal?.removeEventListener('abort', stopEarly);
    await processes.stopAll();
  }
}

async function measure(
  options: StressOptions,
  pair: CulvertPair,
  echo: Managed,
  { print = () => {}, signal }: StressIo,
): Promise<StressResult> {
  const load = new Load({ ...options, url: urlOf(pair.localPort) });
  const problems: string[] = [];
  const before = { client: usageOf(pair.client), server: usageOf(pair.server) };
  const started = performance.now();
  const elapsed = (): number => (performance.now() - started) / 1000;

  let over = false;
  const finished = load.run().then(() => {
    over = true;
  });
  const interrupt = (): void => load.abandon();
  if (signal?.aborted) interrupt();
  signal?.addEventListener('abort', interrupt);
  const timeUp = setTimeout(() => void load.finish(), options.durationMs);
  for (const each of [pair.client, pair.server, echo]) {
    void each.ended.then((exit) => {
      if (over || signal?.aborted) return;
      problems.push(`${each.name} ended during the run: ${exit.text}\n${each.tail()}`);
      load.abandon();
    });
  }

  const status = printStatus(load, echo, elapsed, () => over, print);
  await finished;
  const seconds = elapsed();
  clearTimeout(timeUp);
  signal?.removeEventListener('abort', interrupt);
  await status;

  const server = await countersOf(echo);
  const usage = {
    client: usageSince(pair.client, before.client, seconds),
    server: usageSince(pair.server, before.server, seconds),
  };
  for (const each of [pair.client, pair.server]) {
    if (each.exited === undefined && !(await each.stop())) problems.push(`${each.name} had to be killed`);
  }
  const { counters: client, latency } = load;
  problems.unshift(...load.problems);
  if (client.received === 0) problems.push('no message came back');
  const interrupted = signal?.aborted ?? false;
  const result: StressResult = {
    ok: !interrupted && problems.length === 0 && client.errors === 0 && client.failed === 0,
    interrupted,
    seconds,
    client: { ...client },
    server: server ?? NO_SERVER_COUNTERS,
    latency: {
      mean: latency.mean / 1000,
      p50: latency.percentile(50) / 1000,
      p99: latency.percentile(99) / 1000,
      max: latency.max / 1000,
    },
    usage,
    problems,
  };
  for (const line of summaryLines(options, result)) print(line);
  return result;
}

/** Each second, until the load is over: what happened since the last time. */
async function printStatus(
  load: Load,
  echo: Managed,
  elapsed: () => number,
  over: () => boolean,
  print: (line: string) => void,
): Promise<void> {
  let client: Readonly<ClientCounters> = NO_CLIENT_COUNTERS;
  let server = NO_SERVER_COUNTERS;
  let at = 0;
  for (let tick = 1; ; tick++) {
    // In small steps, so that a short run does not end with a second of waiting.
    while (!over() && elapsed() * 1000 < tick * STATUS_INTERVAL_MS) await pause(20);
    if (over()) return;
    const serverNow = (await countersOf(echo)) ?? server;
    const clientNow = { ...load.counters };
    const now = elapsed();
    print(headLine(now));
    print(clientLine(clientNow, client, now - at));
    print(serverLine(serverNow, server, now - at));
    [client, server, at] = [clientNow, serverNow, now];
    // A busy machine may have missed whole seconds: never print two blocks at once.
    tick = Math.max(tick, Math.floor((now * 1000) / STATUS_INTERVAL_MS));
  }
}

function urlOf(port: number): string {
  return `ws://127.0.0.1:${port}/`;
}

/** One WebSocket round trip. Never rejects. */
function webSocketProbe(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new WebSocket(urlOf(port), { handshakeTimeout: 2000, perMessageDeflate: false });
    const timer = setTimeout(() => socket.terminate(), 2500);
    let good = false;
    socket.on('open', () => socket.send('ready'));
    socket.on('message', (data) => {
      good = String(data) === 'ready';
      socket.close();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(good);
    });
  });
}

function portOf(message: unknown): number | undefined {
  if (typeof message !== 'object' || message === null || !('port' in message)) return undefined;
  return typeof message.port === 'number' ? message.port : undefined;
}

function isCounters(value: unknown): value is ServerCounters {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.keys(NO_SERVER_COUNTERS).every((name) => typeof Reflect.get(value, name) === 'number')
  );
}

async function countersOf(echo: Managed): Promise<ServerCounters | undefined> {
  echo.send('counters');
  return echo.message((message) => {
    if (typeof message !== 'object' || message === null || !('counters' in message)) return undefined;
    return isCounters(message.counters) ? message.counters : undefined;
  }, COUNTERS_TIMEOUT_MS);
}

/** Waits until the echo server has seen the probes' connections close, and sets its counters to zero. */
async function forgetProbes(echo: Managed): Promise<void> {
  const noneActive = async (): Promise<boolean> => (await countersOf(echo))?.active === 0;
  await waitUntilReady('the close of the first connection through the forward', noneActive, [echo], 10_000);
  echo.send('reset');
}

function usageOf(child: Managed): ProcessUsage | undefined {
  return child.pid === undefined ? undefined : readUsage(child.pid);
}

function usageSince(
  child: Managed,
  before: ProcessUsage | undefined,
  seconds: number,
): CulvertUsage | undefined {
  const now = usageOf(child);
  if (now === undefined || before === undefined) return undefined;
  const user = now.userSeconds - before.userSeconds;
  const system = now.systemSeconds - before.systemSeconds;
  return { user, system, percent: ((user + system) / seconds) * 100, rss: now.rss, peakRss: now.peakRss };
}
