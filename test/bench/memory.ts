import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { describeError } from '../../src-main/engine/base/errors.ts';
import { type PairOptions, startCulvert, startCulvertClient, startCulvertServer } from './culvert.ts';
import { startTarget } from './peers.ts';
import { type Managed, ProcessSet } from './processes.ts';
import { compiledModule, echoOnce, freePort, waitUntilReady } from './rig.ts';
import { judge, Tb } from './tb.ts';

/**
 * Bytes in use, after a collection: `rss` is what the system sees (it also holds free pages that the heap keeps),
 * `live` is JavaScript heap plus buffers.
 */
export interface Footprint {
  readonly rss: number;
  readonly live: number;
}

/** Growth per idle stream or session, in bytes. */
export interface MemoryFigures {
  readonly streams: number;
  readonly clientPerStream: Footprint;
  readonly serverPerStream: Footprint;
  /** Of a plain Node relay, for each of its sockets: what a socket costs anyone. */
  readonly relayPerSocket: Footprint;
  readonly sessions: number;
  readonly serverPerSession: Footprint;
}

export type MemoryResult =
  | { readonly ok: true; readonly figures: MemoryFigures }
  | { readonly ok: false; readonly reason: string };

const STREAMS = 1000;
const SESSIONS = 8;

/** How long the streams are held open: the collections of all processes must fit in. */
const HOLD_SECONDS = 4;

/** Time for the last credit, acknowledgement and closing of what came before. */
const SETTLE_MS = 500;

export function difference(after: Footprint, before: Footprint, parts: number): Footprint {
  return { rss: (after.rss - before.rss) / parts, live: (after.live - before.live) / parts };
}

function isFootprint(message: unknown): message is Footprint {
  return typeof message === 'object' && message !== null && 'rss' in message && 'live' in message;
}

async function footprint(child: Managed): Promise<Footprint> {
  child.send('memory');
  const answer = await child.message((message) => (isFootprint(message) ? message : undefined), 10_000);
  if (answer === undefined) throw new Error(`${child.name} did not tell its memory`);
  return { rss: answer.rss, live: answer.live };
}

/** Opens the idle streams through `port`; the growth of each process, not yet divided. */
async function growth(
  tb: string,
  port: number,
  processes: ProcessSet,
  watched: Managed[],
): Promise<Footprint[]> {
  // Connections before the first look, so that code compiled and pools made by the first ones do not count.
  const warm = await new Tb(processes, tb).run(['conn', '127.0.0.1', port, 500, 16], 5);
  if (!warm.ok) throw new Error(`warm-up: ${warm.reason}`);
  await pause(SETTLE_MS);
  const before: Footprint[] = [];
  for (const each of watched) before.push(await footprint(each));
  const idle = processes.start('tb idle', tb, [
    'idle',
    '127.0.0.1',
    String(port),
    `${STREAMS}`,
    `${HOLD_SECONDS}`,
  ]);
  await waitUntilReady(
    `${STREAMS} idle streams`,
    async () => idle.output.includes('opened='),
    [idle],
    60_000,
  );
  await pause(SETTLE_MS);
  const after: Footprint[] = [];
  for (const each of watched) after.push(await footprint(each));
  const exit = await idle.ended;
  const verdict = judge(idle.output, exit.code, exit.text);
  if (!verdict.ok) throw new Error(`idle streams: ${verdict.reason}`);
  return after.map((each, index) => difference(each, before[index], 1));
}

function divide(total: Footprint, parts: number): Footprint {
  return { rss: total.rss / parts, live: total.live / parts };
}

/** Measures Culvert's idle memory with `node`, in processes of its own. Never rejects. */
export async function measureMemory(tb: string, node: string): Promise<MemoryResult> {
  const processes = new ProcessSet();
  try {
    const target = await startTarget(processes, tb);
    const nodeArgs = ['--expose-gc', `--import=${pathToFileURL(compiledModule('bench/memory-probe')).href}`];
    const options: PairOptions = {
      targetPort: target,
      transport: 'ws',
      probe: (port) => echoOnce(port, 2000),
      node,
      nodeArgs,
      ipc: true,
    };

    const relayPort = await freePort();
    const relayArgs = [...nodeArgs, compiledModule('bench/relay'), String(relayPort), String(target)];
    const relay = processes.start('relay', node, relayArgs, { ipc: true });
    await waitUntilReady('relay', () => options.probe(relayPort), [relay], 10_000);
    const [relayGrowth] = await growth(tb, relayPort, processes, [relay]);
    await relay.stop();

    const pair = await startCulvert(processes, options);
    const [client, server] = await growth(tb, pair.localPort, processes, [pair.client, pair.server]);
    await pair.client.stop();
    await pair.server.stop();

    const shared = await startCulvertServer(processes, options);
    await startCulvertClient(processes, shared, options);
    await pause(SETTLE_MS);
    const one = await footprint(shared.process);
    for (let i = 0; i < SESSIONS; i++) await startCulvertClient(processes, shared, options);
    await pause(SETTLE_MS);
    const more = await footprint(shared.process);

    return {
      ok: true,
      figures: {
        streams: STREAMS,
        clientPerStream: divide(client, STREAMS),
        serverPerStream: divide(server, STREAMS),
        relayPerSocket: divide(relayGrowth, 2 * STREAMS),
        sessions: SESSIONS,
        serverPerSession: difference(more, one, SESSIONS),
      },
    };
  } catch (error) {
    return { ok: false, reason: describeError(error) };
  } finally {
    await processes.stopAll();
  }
}
