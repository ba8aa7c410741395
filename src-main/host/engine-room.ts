import type { ConnectionRow } from '../../src-shared/connections.ts';
import { EngineLog } from './engine-log.ts';
import type { EngineCall, EngineCalls, EngineMessage, EnginePort, EngineRequest } from './engine-messages.ts';
import { EngineSampler } from './engine-sampler.ts';
import { failureOf } from './failures.ts';
import { KnownPaths, type PathTable } from './known-paths.ts';
import { ProfileRunner } from './profile-runner.ts';
import { testProfile } from './profile-tester.ts';
import { ServerRunner } from './server-runner.ts';
import { Trial } from './trial.ts';

/** Changes of status are told at most this often, ms. */
const STATUS_MS = 50;
/** While something is not settled (a round trip, a countdown), its status is looked at this often, ms. */
const LOOK_MS = 1_000;
/** Tests that may run at a time. */
const MAX_TESTS = 16;

type Handlers = { [C in EngineCall]: (input: EngineCalls[C]['input']) => Answer<EngineCalls[C]['output']> };
type Answer<T> = [T] extends [undefined] ? Promise<void> : Promise<T>;

/** The engine's thread from within: every client, the embedded server, and what *Try it* needs. */
export class EngineRoom {
  private readonly port: EnginePort;
  /** Makes the ids of connections unique over restarts of this thread. */
  private readonly prefix: string;
  private readonly runners = new Map<string, ProfileRunner>();
  private readonly told = new Map<string, string>();
  private readonly log: EngineLog;
  private readonly server: ServerRunner;
  private readonly sampler: EngineSampler;
  private readonly tests = new Map<string, AbortController>();
  private readonly trial: Trial;
  private serverOn = false;
  private known = new KnownPaths();
  private readonly paths: PathTable = {
    get: (id) => this.known.get(id),
    put: (id, memory) => {
      this.known.put(id, memory);
      this.post({ kind: 'path', id, memory });
    },
  };
  private statusTimer: NodeJS.Timeout | undefined;
  private lookTimer: NodeJS.Timeout | undefined;

  constructor(port: EnginePort, generation: number) {
    this.port = port;
    this.prefix = `c${generation}-`;
    this.log = new EngineLog((lines, dropped) => this.post({ kind: 'log', lines, dropped }));
    this.trial = new Trial(this.log.logger('try', null));
    this.server = new ServerRunner(this.log.logger('server', null), (state) => {
      this.serverOn = state.kind === 'running';
      this.post({ kind: 'server', state });
      this.sampleWhileNeeded();
    });
    this.sampler = new EngineSampler(
      () => ({
        at: Date.now(),
        profiles: [...this.runners.values()].map((runner) => runner.counters()),
        server: this.server.counters(),
      }),
      (sample) => this.post({ kind: 'sample', sample }),
    );
    port.listen((request: EngineRequest) => void this.serve(request));
  }

  private readonly handlers: Handlers = {
    apply: async (profile) => this.apply(profile),
    disconnect: async ({ id }) => this.disconnect(id),
    retryNow: async ({ id }) => {
      for (const runner of this.chosen(id)) runner.retryNow();
    },
    networkChanged: async ({ online }) => {
      for (const runner of this.runners.values()) runner.networkChanged(online);
    },
    connections: async ({ profileId, limit }) => this.connections(profileId, limit),
    closeConnections: async ({ ids }) => this.closeConnections(ids),
    closeAll: async ({ profileId }) =>
      this.chosen(profileId).reduce((sum, runner) => sum + runner.reset(), 0),
    test: async ({ token, profile }) => this.test(token, profile),
    cancelTest: async ({ token }) => this.tests.get(token)?.abort(),
    startServer: async ({ config, key }) => this.server.start(config, key),
    stopServer: async () => this.server.stop(),
    serverClients: async ({ limit }) => this.server.clients(limit),
    disconnectClient: async ({ id }) => this.server.disconnect(id),
    startTry: async ({ key }) => this.trial.start(key),
    runTry: async ({ port }) => this.trial.run(port),
    stopTry: async () => this.trial.stop(),
    setLogLevel: async ({ level }) => {
      this.log.level = level;
    },
    knowPaths: async ({ paths }) => {
      this.known = KnownPaths.read({ version: 1, paths }) ?? this.known;
    },
    close: async () => this.close(),
  };

  private async serve<C extends EngineCall>({ id, call, input }: EngineRequest<C>): Promise<void> {
    try {
      const output = await this.handlers[call](input);
      this.post({ kind: 'response', id, output });
    } catch (error) {
      this.post({ kind: 'refusal', id, failure: failureOf(error) });
    }
  }

  private post(message: EngineMessage): void {
    this.port.post(message);
  }

  private chosen(id: string | null): ProfileRunner[] {
    if (id === null) return [...this.runners.values()];
    const runner = this.runners.get(id);
    return runner === undefined ? [] : [runner];
  }

  // ---- profiles -------------------------------------------------------------------------------------------

  private async apply(profile: EngineCalls['apply']['input']): Promise<void> {
    const running = this.runners.get(profile.id);
    if (running !== undefined) {
      await running.update(profile);
      return;
    }
    const log = this.log.logger('client', profile.id);
    const runner = new ProfileRunner(profile, log, () => this.statusChanged(), this.paths);
    this.runners.set(profile.id, runner);
    this.lookWhileNeeded();
    await runner.start();
  }

  private disconnect(id: string): void {
    // The last bytes count, however short it was on.
    this.sampler.flush();
    this.runners.get(id)?.close();
    this.runners.delete(id);
    this.told.delete(id);
    this.post({ kind: 'status', id, connection: { kind: 'stopped' }, listeners: {} });
    this.lookWhileNeeded();
  }

  /** With nothing on this thread sleeps. */
  private lookWhileNeeded(): void {
    this.sampleWhileNeeded();
    if (this.runners.size > 0) this.lookTimer ??= setInterval(() => this.look(), LOOK_MS);
    else {
      clearInterval(this.lookTimer);
      this.lookTimer = undefined;
    }
  }

  private sampleWhileNeeded(): void {
    this.sampler.run(this.runners.size > 0 || this.serverOn);
  }

  private statusChanged(): void {
    this.statusTimer ??= setTimeout(() => this.tellStatus(), STATUS_MS);
  }

  private look(): void {
    this.tellStatus();
    for (const runner of this.runners.values()) runner.keepPath();
  }

  private tellStatus(): void {
    clearTimeout(this.statusTimer);
    this.statusTimer = undefined;
    for (const [id, runner] of this.runners) {
      const [connection, listeners] = [runner.connection(), runner.listeners()];
      // `connecting` and the like are dated when they are looked at: only a new kind is news there.
      const text = JSON.stringify([steady(connection), listeners]);
      if (this.told.get(id) === text) continue;
      this.told.set(id, text);
      this.post({ kind: 'status', id, connection, listeners });
    }
  }

  private connections(profileId: string | null, limit: number): { total: number; rows: ConnectionRow[] } {
    const rows = this.chosen(profileId).flatMap((runner) => runner.rows(this.prefix));
    return { total: rows.length, rows: rows.slice(0, limit) };
  }

  private closeConnections(ids: readonly string[]): number {
    const bySerial = new Map<number, Set<number>>();
    for (const id of ids) {
      const [serial, key] = id.startsWith(this.prefix) ? id.slice(this.prefix.length).split('-') : [];
      if (key === undefined) continue;
      const keys = bySerial.get(Number(serial)) ?? new Set();
      bySerial.set(Number(serial), keys.add(Number(key)));
    }
    let closed = 0;
    for (const [serial, keys] of bySerial) {
      for (const runner of this.runners.values()) closed += runner.reset(serial, keys);
    }
    return closed;
  }

  private test(token: string, profile: EngineCalls['apply']['input']): void {
    const abort = new AbortController();
    // The oldest gives way: somebody started it and left.
    if (this.tests.size >= MAX_TESTS) [...this.tests.values()][0].abort();
    this.tests.set(token, abort);
    const tell = (event: Extract<EngineMessage, { kind: 'test' }>['event']): void =>
      this.post({ kind: 'test', token, event });
    void testProfile(profile, tell, abort.signal).finally(() => this.tests.delete(token));
  }

  private async close(): Promise<void> {
    for (const abort of this.tests.values()) abort.abort();
    for (const id of [...this.runners.keys()]) this.disconnect(id);
    await Promise.all([this.trial.stop(), this.server.stop()]);
    this.log.flush();
    clearTimeout(this.statusTimer);
  }
}

function steady(connection: ReturnType<ProfileRunner['connection']>): unknown {
  return connection.kind === 'connecting' ? connection.kind : connection;
}
