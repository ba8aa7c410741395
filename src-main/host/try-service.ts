import { newDraft } from '../../src-shared/profile.ts';
import { generateKey } from '../engine/index.ts';
import type { EngineLink } from './engine-link.ts';
import { failureOf, HostError } from './failures.ts';
import { buildProfile } from './profile-build.ts';
import type { ProfileRuns } from './profile-runs.ts';
import type { ProfileService } from './profile-service.ts';
import type { StateHub } from './state-hub.ts';

/** The whole of it is to take less than ten seconds; the listener and the connection are waited for so long. ms. */
const READY_MS = 8_000;
const LOOK_MS = 20;
const LOOPBACK = '127.0.0.1';

/** *Try it on this machine*: a server, a small site and a forward on loopback, with data that moves. Nothing is stored. */
export class TryService {
  private readonly hub: StateHub;
  private readonly engine: EngineLink;
  private readonly profiles: ProfileService;
  private readonly runs: ProfileRuns;
  private starting: Promise<void> | undefined;

  constructor(parts: { hub: StateHub; engine: EngineLink; profiles: ProfileService; runs: ProfileRuns }) {
    ({ hub: this.hub, engine: this.engine, profiles: this.profiles, runs: this.runs } = parts);
  }

  /** Resolves when the first byte came through. Twice is once. */
  start(): Promise<void> {
    if (this.hub.state.tryIt.kind === 'on') return Promise.resolve();
    this.starting ??= this.begin().finally(() => {
      this.starting = undefined;
    });
    return this.starting;
  }

  async stop(): Promise<void> {
    const { guest } = this.profiles;
    if (guest !== undefined) this.runs.disconnect(guest.profile.id);
    this.profiles.setGuest(undefined);
    this.hub.set({ tryIt: { kind: 'off' } });
    await this.engine.ask('stopTry').catch(() => {});
  }

  /** The server and the site died with the engine's thread: it does not come back by itself. */
  engineLost(): void {
    if (this.hub.state.tryIt.kind === 'off') return;
    this.profiles.setGuest(undefined);
    const failure = failureOf(
      new HostError('ERR_ENGINE_LOST', 'the engine has ended, and the trial with it'),
    );
    this.hub.set({ tryIt: { kind: 'failed', failure } });
  }

  private async begin(): Promise<void> {
    this.hub.set({ tryIt: { kind: 'starting' } });
    try {
      const key = generateKey();
      const { serverPort, targetPort } = await this.engine.ask('startTry', { key });
      const draft = newDraft({
        server: { scheme: 'http', host: LOOPBACK, port: serverPort, path: '/' },
        rules: [
          {
            kind: 'static',
            name: '',
            enabled: true,
            bind: { host: LOOPBACK, port: 0 },
            target: { host: '', port: targetPort },
          },
        ],
      });
      const { profile } = buildProfile(draft, undefined, Date.now());
      this.profiles.setGuest({ profile, key });
      this.runs.connect(profile);
      const port = await this.listening(profile.id);
      await this.engine.ask('runTry', { port });
      const url = `http://${LOOPBACK}:${port}/`;
      this.hub.set({ tryIt: { kind: 'on', profileId: profile.id, url, since: Date.now() } });
    } catch (error) {
      // A person has stopped it in the meantime: that is no failure of it.
      const isStopped = this.hub.state.tryIt.kind === 'off';
      await this.stop();
      if (!isStopped) this.hub.set({ tryIt: { kind: 'failed', failure: failureOf(error) } });
      throw error;
    }
  }

  /** The port of the forward, once it listens. */
  private async listening(id: string): Promise<number> {
    const until = performance.now() + READY_MS;
    while (performance.now() < until) {
      const status = this.hub.state.statuses[id];
      if (status === undefined || !status.on) throw new HostError('ERR_CLOSED', 'the trial was stopped');
      const [listener] = Object.values(status.listeners);
      if (listener?.kind === 'listening') return listener.port;
      if (listener?.kind === 'failed') throw new HostError(listener.failure.code, listener.failure.message);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    throw new HostError('ERR_CARRIER_TIMEOUT', 'the forward did not listen in time');
  }
}
