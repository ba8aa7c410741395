import { setTimeout as pause } from 'node:timers/promises';
import type { Client, DialerState } from '../../src-main/engine/index.ts';
import { LatencyHistogram } from '../stress/histogram.ts';
import { Seeded } from '../support/seeded.ts';
import { TcpRelay } from '../support/tcp-relay.ts';
import { startRig } from '../support/tunnel-rig.ts';
import { BusyStream, IdleStream, PingStream } from './streams.ts';

export interface SoakOptions {
  readonly kills: number;
  readonly seed: number;
  readonly transport: 'auto' | 'ws' | 'http';
  /** Connections that say something only now and then, and that always move data. */
  readonly idle: number;
  readonly busy: number;
  /** From the return of the network to the next kill, ms: fixed, or up to twice this at random. */
  readonly everyMs: number;
  readonly steady: boolean;
  /** Longest time without a network after a kill, ms; half of the kills have none. */
  readonly outageMs: number;
  /** The log of both ends since the kill is told when it took longer than this, ms; 0 or undefined = never. */
  readonly tellMs?: number;
}

/** How a carrier dies: the kinds of `TcpRelay`, and what becomes of new connections meanwhile. */
type Kill = 'reset' | 'end' | 'refuse' | 'swallow';

export interface SoakResult {
  readonly kills: Readonly<Record<Kill, number>>;
  /** What is wrong with any stream; empty = nothing was lost, doubled or changed. */
  readonly wrong: readonly string[];
  readonly bytes: number;
  /** Connections that were open at the kills. */
  readonly cut: number;
  readonly resumes: number;
  /** By both ends. */
  readonly resentBytes: number;
  /** From the network's return until a message had gone there and back, ms. */
  readonly backMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** The longest of each kind, ms. */
  readonly slowestMs: Readonly<Partial<Record<Kill, number>>>;
  readonly seconds: number;
  /** Whether the server was ever asked for a new session: its streams would have been reset. */
  readonly sessionLost: boolean;
}

async function connected(client: Client): Promise<void> {
  const until = performance.now() + 20_000;
  while (client.status().state.kind !== 'connected' && performance.now() < until) await pause(1);
}

/** A stalled connection of a black hole would need an echo to be noticed; it is a test of its own. */
export async function runSoak(options: SoakOptions, say: (line: string) => void): Promise<SoakResult> {
  const random = new Seeded(options.seed);
  const states: DialerState['kind'][] = [];
  let relay: TcpRelay | undefined;
  const rig = await startRig({
    target: (socket) => void socket.pipe(socket),
    client: {
      transport: options.transport,
      onState: ({ kind }) => states.push(kind),
    },
    between: async (port) => {
      relay = new TcpRelay(port);
      return `http://127.0.0.1:${await relay.listen()}/`;
    },
  });
  if (relay === undefined) throw new Error('no relay');
  const begun = performance.now();
  const ping = new PingStream(rig.port, 1);
  const idle = Array.from({ length: options.idle }, (_, index) => new IdleStream(rig.port, 1000 + index));
  const busy = Array.from({ length: options.busy }, (_, index) => new BusyStream(rig.port, 10 + index, 4));
  await ping.moves();

  const times = new LatencyHistogram();
  const slowest: Partial<Record<Kill, number>> = {};
  let cut = 0;
  const kills = { reset: 0, end: 0, refuse: 0, swallow: 0 };
  const all = (): Array<PingStream | IdleStream | BusyStream> => [ping, ...idle, ...busy];
  for (let n = 0; n < options.kills; n++) {
    await pause(options.steady ? options.everyMs : random.int(1, 2 * options.everyMs));
    // A carrier is killed, not a try: on a busy machine the next one may still be on its way.
    await connected(rig.client);
    const kind =
      options.outageMs > 0 && random.chance(0.5)
        ? random.pick(['refuse', 'swallow'] as const)
        : random.pick(['reset', 'end'] as const);
    kills[kind]++;
    const logged = rig.log.length;
    const killedAt = Date.now();
    if (kind === 'refuse') relay.stopListening();
    if (kind === 'swallow') relay.swallowNew = true;
    cut += relay.open;
    relay.cut(kind === 'end' ? 'end' : 'reset');
    if (kind === 'refuse' || kind === 'swallow') {
      await pause(random.int(0, options.outageMs));
      relay.swallowNew = false;
      // What was swallowed stays swallowed: only new connections get through.
      if (kind === 'refuse') await relay.listen();
    }
    const back = performance.now();
    const usage = process.cpuUsage();
    // The message under way may have come back just before the kill; the next one has not.
    const moved = ping.moves();
    if ((await Promise.race([moved, pause(20_000, 'late')])) === 'late') {
      ping.wrong ||= `nothing moved for 20 s after kill ${n + 1} (${kind})`;
    }
    const took = performance.now() - back;
    times.record(took * 1000);
    if (took > (slowest[kind] ?? 0)) slowest[kind] = took;
    if (took > (options.tellMs || Number.POSITIVE_INFINITY)) {
      const { user, system } = process.cpuUsage(usage);
      const backAt = performance.timeOrigin + back - killedAt;
      say(
        `kill ${n + 1} (${kind}), network back at ${backAt.toFixed(0)}: ${took.toFixed(0)} ms, ${((user + system) / 1000).toFixed(0)} of them on the processor; the log, ms after the kill:`,
      );
      for (const { time, scope, text } of rig.log.slice(logged))
        say(`  ${time - killedAt} ${scope}: ${text}`);
    }
    if (idle.length > 0) random.pick(idle).say();
    if (all().some(({ wrong }) => wrong !== '')) break;
    if ((n + 1) % 500 === 0) {
      say(
        `${n + 1} kills, p99 ${(times.percentile(99) / 1000).toFixed(1)} ms, ${Math.floor(all().reduce((sum, { received }) => sum + received, 0) / 2 ** 20)} MiB checked`,
      );
    }
  }
  for (const stream of idle) stream.say();
  const ends = await Promise.race([
    Promise.all(all().map((stream) => stream.finish())),
    pause(30_000, ['the streams did not end within 30 s']),
  ]);
  const { session } = rig.client.status();
  const result: SoakResult = {
    kills,
    wrong: ends.filter((text) => text !== ''),
    cut,
    bytes: all().reduce((sum, { received }) => sum + received, 0),
    resumes: session?.resumes ?? 0,
    resentBytes:
      (session?.resentBytes ?? 0) +
      rig.server.sessions().reduce((sum, { resentBytes }) => sum + resentBytes, 0),
    backMs: {
      p50: times.percentile(50) / 1000,
      p99: times.percentile(99) / 1000,
      max: times.max / 1000,
    },
    slowestMs: slowest,
    seconds: (performance.now() - begun) / 1000,
    sessionLost: rig.log.some(({ text }) => /no longer has the session|the session ended/.test(text)),
  };
  await rig.close();
  relay.close();
  return result;
}
