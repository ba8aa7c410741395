import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { generateKey } from '../../src-main/engine/crypto/keys.ts';
import type { KcpFigure, KcpReport } from './kcp-report.ts';
import { compile, Link, type LinkShape, linkMissing, startFarServer, startNearClient } from './kcp-rig.ts';
import { median } from './measures.ts';
import type { BenchOptions } from './options.ts';
import type { Managed } from './processes.ts';
import { ProcessSet } from './processes.ts';
import { machineFacts } from './report.ts';
import {
  buildTb,
  compiledModule,
  culvertBin,
  freePort,
  portAccepts,
  temporaryFolder,
  waitUntilReady,
} from './rig.ts';
import { judge } from './tb.ts';

const SHAPE = { mbits: 100, delayMs: 50, queueMs: 100 };
const LOSSES = [1, 5, 10] as const;
const ECHO_LOSSES = [0, 1, 5, 10] as const;
/** Segments under way of the ARQ peers, as programs of that kind set it. */
const ARQ_WINDOW = 1024;
const WARM_SECONDS = 3;
const TARGET = 9000;
const SERVER = 8100;

interface Scene {
  readonly link: Link;
  readonly tb: string;
  readonly seconds: number;
}

type Tools = { tb: string; link: string; ikcp: string | undefined };

/** Runs tb at the near end; its figures, or a throw with the reason. */
async function tbAt(
  scene: Scene,
  args: ReadonlyArray<string | number>,
): Promise<Readonly<Record<string, number>>> {
  const run = scene.link.start('near', 'tb', scene.tb, args);
  const exit = await run.ended;
  const result = judge(run.output, exit.code, exit.text);
  if (!result.ok) throw new Error(`tb ${args[0]}: ${result.reason}`);
  return result.values;
}

/** A download through a client's forward: Mbit/s, and bytes on the link for each byte of it. */
async function download(scene: Scene, port: number): Promise<{ mbits: number; sent: number }> {
  const down = (seconds: number) => tbAt(scene, ['down', '127.0.0.1', port, seconds, 1]);
  await down(WARM_SECONDS);
  const before = await scene.link.bytes();
  const values = await down(scene.seconds);
  const after = await scene.link.bytes();
  const goodput = values['MB/s'] * 1e6 * values.secs;
  return { mbits: values['MB/s'] * 8, sent: (after.down - before.down) / goodput };
}

async function culvert(scene: Scene, way: '-K' | '-w', local: number): Promise<Managed> {
  return startNearClient(scene.link, way, SERVER, local, { key: KEY, targetPort: TARGET });
}

const KEY = generateKey();

async function withScene<T>(
  tools: Tools,
  shape: LinkShape,
  seconds: number,
  run: (scene: Scene) => Promise<T>,
): Promise<T> {
  const processes = new ProcessSet();
  try {
    const link = await Link.open(processes, tools.link, shape);
    link.start('far', 'tb', tools.tb, ['serve', TARGET]);
    const server = startFarServer(link, SERVER, { key: KEY, targetPort: TARGET });
    await waitUntilReady('server', async () => /over UDP/.test(server.output), [server], 10_000);
    return await run({ link, tb: tools.tb, seconds });
  } finally {
    await processes.stopAll();
  }
}

/** A sender at the far end and a receiver at the near one; Mbit/s and bytes sent for one. */
async function arqPeer(
  scene: Scene,
  program: readonly [file: string, ...args: string[]],
): Promise<{ mbits: number; sent: number }> {
  const [file, ...args] = program;
  const port = 7500;
  const receive = ['receive', '10.77.0.1', port, ARQ_WINDOW, WARM_SECONDS, scene.seconds];
  const receiver = scene.link.start('near', 'receiver', file, [...args, ...receive]);
  await pause(300);
  const sender = scene.link.start('far', 'sender', file, [...args, 'send', '10.77.0.1', port, ARQ_WINDOW]);
  await pause(WARM_SECONDS * 1000);
  const before = await scene.link.bytes();
  const exit = await receiver.ended;
  const after = await scene.link.bytes();
  await sender.stop();
  const result = judge(receiver.output, exit.code, exit.text);
  if (!result.ok) throw new Error(result.reason);
  const mbits = result.values['MB/s'] * 8;
  return { mbits, sent: (after.down - before.down) / (result.values['MB/s'] * 1e6 * scene.seconds) };
}

const PEERS = ['culvert -K', 'culvert, ARQ in fast3', 'ikcp fast3', 'culvert -w'] as const;
type PeerName = (typeof PEERS)[number];

function runnerOf(
  name: PeerName,
  tools: Tools,
): ((scene: Scene) => Promise<{ mbits: number; sent: number }>) | undefined {
  switch (name) {
    case 'culvert -K':
    case 'culvert -w':
      return async (scene) => {
        const local = 7001;
        await culvert(scene, name === 'culvert -K' ? '-K' : '-w', local);
        return download(scene, local);
      };
    case 'culvert, ARQ in fast3':
      return (scene) => arqPeer(scene, [process.execPath, compiledModule('bench/arq-peer')]);
    case 'ikcp fast3': {
      const { ikcp } = tools;
      return ikcp === undefined ? undefined : (scene) => arqPeer(scene, [ikcp]);
    }
  }
}

/** Two clients at once: the smaller share in percent, and both together in Mbit/s. */
async function shared(scene: Scene): Promise<{ share: number; mbits: number }> {
  const ports = [7001, 7002];
  for (const port of ports) await culvert(scene, '-K', port);
  const both = (seconds: number) =>
    Promise.all(ports.map((port) => tbAt(scene, ['down', '127.0.0.1', port, seconds, 1])));
  await both(WARM_SECONDS);
  const rates = (await both(scene.seconds)).map((values) => values['MB/s'] * 8);
  const sum = rates[0] + rates[1];
  return { share: (Math.min(...rates) / sum) * 100, mbits: sum };
}

/** Median round trip of 64 bytes beside a download, ms. */
async function echoBeside(scene: Scene, way: '-K' | '-w'): Promise<number> {
  await culvert(scene, way, 7001);
  await tbAt(scene, ['down', '127.0.0.1', 7001, WARM_SECONDS, 1]);
  const bulk = tbAt(scene, ['down', '127.0.0.1', 7001, scene.seconds + 2, 1]);
  await pause(1500);
  const count = Math.max(8, Math.floor(scene.seconds * 3));
  const values = await tbAt(scene, ['rtt', '127.0.0.1', 7001, count, 64]);
  await bulk;
  return values.p50us / 1000;
}

/** A download on loopback, without a link, MB/s. */
async function loopback(tools: Tools, seconds: number): Promise<number> {
  const processes = new ProcessSet();
  try {
    const [port, target, local] = [await freePort(), await freePort(), await freePort()];
    processes.start('tb', tools.tb, ['serve', String(target)]);
    const at = `127.0.0.1:${port}`;
    const node = (name: string, ...args: string[]) =>
      processes.start(name, process.execPath, [culvertBin(), ...args, '-p', KEY]);
    const server = node('server', '-K', at);
    await waitUntilReady('server', () => portAccepts(port), [server], 10_000);
    const client = node('client', '-K', '-L', `${local}:127.0.0.1:${target}`, at);
    await waitUntilReady('client', async () => /connected: /.test(client.output), [client], 10_000);
    const down = async (length: number): Promise<number> => {
      const run = processes.start('tb', tools.tb, ['down', '127.0.0.1', String(local), String(length), '1']);
      const exit = await run.ended;
      const result = judge(run.output, exit.code, exit.text);
      if (!result.ok) throw new Error(result.reason);
      return result.values['MB/s'];
    };
    await down(1);
    return await down(seconds);
  } finally {
    await processes.stopAll();
  }
}

interface Step {
  /** What `--only` looks at. */
  readonly name: string;
  readonly peer: PeerName;
  /** Figures by id. */
  run(seed: number): Promise<Readonly<Record<string, number>>>;
}

function stepsOf(tools: Tools, seconds: number): Step[] {
  const shape = (lossPercent: number, seed: number): LinkShape => ({ ...SHAPE, lossPercent, seed });
  const steps: Step[] = [];
  for (const loss of LOSSES) {
    for (const peer of PEERS) {
      const runner = runnerOf(peer, tools);
      if (runner === undefined) continue;
      steps.push({
        name: `${loss}% ${peer}`,
        peer,
        run: async (seed) => {
          const { mbits, sent } = await withScene(tools, shape(loss, seed), seconds, runner);
          return { [`goodput${loss}`]: mbits, [`sent${loss}`]: sent };
        },
      });
    }
  }
  steps.push({
    name: 'share',
    peer: 'culvert -K',
    run: async (seed) => {
      const { share, mbits } = await withScene(tools, shape(1, seed), seconds, shared);
      return { share, shared: mbits };
    },
  });
  for (const loss of ECHO_LOSSES) {
    for (const way of ['-K', '-w'] as const) {
      steps.push({
        name: `echo ${loss}% ${way}`,
        peer: `culvert ${way}`,
        run: async (seed) => {
          const echo = (scene: Scene) => echoBeside(scene, way);
          return { [`echo${loss}`]: await withScene(tools, shape(loss, seed), seconds, echo) };
        },
      });
    }
  }
  const run = async () => ({ loopback: await loopback(tools, Math.min(seconds, 3)) });
  steps.push({ name: 'loopback', peer: 'culvert -K', run });
  return steps;
}

/** The figures of an earlier run, to which those of this one are added. */
function earlier(options: BenchOptions, file: string): KcpFigure[] {
  if (!options.add || !existsSync(file)) return [];
  const report: KcpReport = JSON.parse(readFileSync(file, 'utf8'));
  return [...report.figures];
}

function reportOf(figures: readonly KcpFigure[]): KcpReport {
  return {
    suite: 'kcp',
    date: new Date().toISOString(),
    machine: machineFacts(),
    peers: PEERS.filter((peer) => figures.some((figure) => figure.peer === peer)),
    figures,
  };
}

/** Every measure `runs` times, the peers taking turns, each on a link of its own. */
export async function runKcpSuite(
  options: BenchOptions,
  file: string,
  say: (line: string) => void,
  save: (report: KcpReport) => void,
): Promise<KcpReport> {
  const missing = linkMissing();
  if (missing !== undefined) throw new Error(missing);
  const processes = new ProcessSet();
  const folder = temporaryFolder();
  const figures = new Map(earlier(options, file).map((figure) => [`${figure.peer}\n${figure.id}`, figure]));
  const add = (peer: string, id: string, value: number): void => {
    const key = `${peer}\n${id}`;
    const samples = [...(figures.get(key)?.samples ?? []), value];
    figures.set(key, { peer, id, seconds: options.seconds, samples, median: median(samples) });
    say(`${peer}  ${id}  ${value.toFixed(2)}`);
  };
  try {
    const ikcp = options.ikcp === undefined ? [] : [options.ikcp];
    const tools: Tools = {
      tb: await buildTb(processes, folder.path),
      link: await compile(processes, folder.path, 'link'),
      ikcp: ikcp.length === 0 ? undefined : await compile(processes, folder.path, 'ikcp-peer', ikcp),
    };
    const wanted = ({ name }: Step): boolean =>
      options.only.length === 0 || options.only.some((word) => name.includes(word));
    for (let run = 0; run < options.runs; run++) {
      for (const step of stepsOf(tools, options.seconds).filter(wanted)) {
        for (const [id, value] of Object.entries(await step.run(run + 1))) add(step.peer, id, value);
        save(reportOf([...figures.values()]));
      }
    }
    return reportOf([...figures.values()]);
  } finally {
    await processes.stopAll();
    folder.remove();
  }
}
