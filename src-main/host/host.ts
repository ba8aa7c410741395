/** The product without Electron and without a face: stores, state, figures, log, and the engine's thread. */
import { randomUUID } from 'node:crypto';
import type { TestEvent } from '../../src-shared/contract-profiles.ts';
import type { ProfileDraft } from '../../src-shared/profile.ts';
import type { LogLevel } from '../../src-shared/settings.ts';
import { emptyState, type HostInfo } from '../../src-shared/state.ts';
import { BackupService } from './backup-service.ts';
import { ConfigKeeper } from './config-keeper.ts';
import { DailyTotals } from './daily-totals.ts';
import type { DesktopHooks } from './desktop-hooks.ts';
import { EngineLink, type StartEngine, threadedEngine } from './engine-link.ts';
import type { EngineMessage, EngineNews } from './engine-messages.ts';
import { failureOf, HostError, makeFailure } from './failures.ts';
import { confFiles, type OpenJsonFile } from './json-document.ts';
import { LogRing } from './log-ring.ts';
import type { Reader } from './pacing.ts';
import { PathStore } from './path-store.ts';
import { buildProfile, runnable } from './profile-build.ts';
import { ProfileRuns } from './profile-runs.ts';
import { ProfileService } from './profile-service.ts';
import { RuleService } from './rule-service.ts';
import { SecretVault, type SystemSealer } from './secret-vault.ts';
import { ServerService } from './server-service.ts';
import { SettingsService } from './settings-service.ts';
import { StateHub } from './state-hub.ts';
import { StatsKeeper } from './stats-keeper.ts';
import { Transfer } from './transfer.ts';
import { TryService } from './try-service.ts';
import { UndoBook } from './undo-book.ts';

export interface HostOptions {
  /** Made 0700 if need be. */
  readonly directory: string;
  readonly info: HostInfo;
  /** Default: `conf` in the directory. */
  readonly files?: OpenJsonFile;
  /** The system's keyring, where there is one. */
  readonly system?: SystemSealer;
  /** Without a keyring a person is to choose how secrets are kept, rather than have it chosen. */
  readonly mustChooseStore?: boolean;
  readonly desktop?: DesktopHooks;
  /** Default: a thread. */
  readonly startEngine?: StartEngine;
}

/** Events of one test that wait for a reader. */
const MAX_TEST_EVENTS = 64;

export class Host {
  readonly hub: StateHub;
  readonly config: ConfigKeeper;
  readonly vault: SecretVault;
  readonly engine: EngineLink;
  readonly runs: ProfileRuns;
  readonly profiles: ProfileService;
  readonly rules: RuleService;
  readonly settings: SettingsService;
  readonly server: ServerService;
  readonly tryIt: TryService;
  readonly transfer: Transfer;
  readonly backups: BackupService;
  readonly undo = new UndoBook();
  readonly stats: StatsKeeper;
  readonly daily: DailyTotals;
  private readonly paths: PathStore;
  readonly logs = new LogRing();
  readonly desktop: DesktopHooks | undefined;
  private readonly tests = new Map<string, (event: TestEvent) => void>();

  /** Throws ERR_STORE and ERR_NEWER_VERSION: a host that cannot read its files must not write them. */
  constructor(options: HostOptions) {
    const files = options.files ?? confFiles(options.directory);
    this.hub = new StateHub(emptyState(options.info));
    this.config = new ConfigKeeper(options.directory, files);
    this.desktop = options.desktop;
    this.vault = new SecretVault(options.directory, files, options.system, options.mustChooseStore);
    this.daily = new DailyTotals(options.directory, files, (error) =>
      this.log('error', failureOf(error).message),
    );
    this.paths = new PathStore(options.directory, files, (text) => this.log('warn', text));
    this.stats = new StatsKeeper((id, sent, received, at) => {
      if (this.profiles.guest?.profile.id !== id) this.daily.add(id, sent, received, at);
    });
    this.engine = new EngineLink(options.startEngine ?? threadedEngine(), {
      onMessage: (message) => this.took(message),
      onLost: (reason, retryMs) => this.engineLost(reason, retryMs),
      onRestarted: () => this.engineRestarted(),
    });
    this.tellPaths();
    const { hub, config, vault, engine, undo } = this;
    this.runs = new ProfileRuns(hub, engine, (id) => {
      const { guest } = this.profiles;
      if (guest?.profile.id !== id) return runnable(config.profile(id), vault);
      return { ...guest.profile, key: guest.key, proxyPassword: null };
    });
    const { runs } = this;
    this.profiles = new ProfileService({ hub, config, vault, runs, undo });
    const { profiles } = this;
    this.rules = new RuleService(profiles, vault, undo);
    this.settings = new SettingsService(hub, config, ({ logLevel }) => this.setLogLevel(logLevel));
    this.server = new ServerService({ hub, config, vault, engine });
    this.tryIt = new TryService({ hub, engine, profiles, runs });
    this.transfer = new Transfer({ config, vault, profiles, undo });
    const { server, settings, transfer } = this;
    const { version } = options.info;
    this.backups = new BackupService({ version, config, vault, profiles, server, settings, transfer, undo });
    hub.set({ secrets: vault.view() });
    this.reportStores();
  }

  /** Connects what is to be connected at the start. Once. */
  start(): void {
    this.setLogLevel(this.config.settings.logLevel);
    this.server.resume();
    for (const profile of this.config.profiles) if (profile.connectAtStart) this.runs.connect(profile);
  }

  /** What a passphrase sealed is open: what waited for it goes on. */
  async unlock(passphrase: string): Promise<void> {
    await this.vault.unlock(passphrase);
    this.secretsChanged();
    this.server.resume();
    this.runs.retryNow(null);
  }

  secretsChanged(): void {
    this.hub.set({ secrets: this.vault.view() });
    this.profiles.publish();
    this.server.publish();
  }

  /** Tries a draft; the secrets that it keeps are those of the profile `id`. */
  async *test(id: string | null, draft: ProfileDraft, reader: Reader): AsyncGenerator<TestEvent> {
    const old = id === null ? undefined : this.config.profile(id);
    const { profile, secrets } = buildProfile(draft, old, Date.now());
    const token = randomUUID();
    const events: TestEvent[] = [];
    let wake = (): void => {};
    const woken = (): void => wake();
    this.tests.set(token, (event) => {
      if (events.length < MAX_TEST_EVENTS) events.push(event);
      wake();
    });
    reader.signal.addEventListener('abort', woken, { once: true });
    try {
      await this.engine.ask('test', { token, profile: runnable(profile, this.vault, secrets) });
      while (!reader.signal.aborted) {
        const event = events.shift();
        if (event === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        yield event;
        if (event.kind !== 'step') return;
      }
    } catch (error) {
      // A key that is missing is an outcome of the test, as one that is wrong.
      if (!(error instanceof HostError)) throw error;
      yield { kind: 'failed', step: null, failure: error.failure };
    } finally {
      this.tests.delete(token);
      reader.signal.removeEventListener('abort', woken);
      this.engine.ask('cancelTest', { token }).catch(() => {});
    }
  }

  log(level: 'error' | 'warn' | 'info', text: string): void {
    this.logs.add({ at: Date.now(), level, scope: 'host', profileId: null, code: null, text });
  }

  /** Ends all in order and saves what is not saved yet. */
  async close(): Promise<void> {
    this.server.close();
    this.undo.clear();
    await this.engine.close();
    this.daily.flush();
    this.paths.flush();
  }

  private tellPaths(): void {
    // Of use, and not needed: a thread that is gone is told again when it is back.
    this.engine.ask('knowPaths', { paths: this.paths.paths }).catch(() => {});
  }

  private setLogLevel(level: LogLevel): void {
    this.engine.ask('setLogLevel', { level }).catch(() => {});
  }

  private took(message: EngineNews): void {
    switch (message.kind) {
      case 'status':
        return this.runs.took(message);
      case 'server':
        return this.server.took(message.state);
      case 'sample':
        return this.stats.take(message.sample);
      case 'path':
        return this.paths.put(message.id, message.memory);
      case 'test':
        return this.tests.get(message.token)?.(message.event);
      case 'log':
        return this.tookLog(message);
    }
  }

  private tookLog({ lines, dropped }: Extract<EngineMessage, { kind: 'log' }>): void {
    for (const line of lines) this.logs.add({ ...line, code: null });
    if (dropped > 0) this.log('warn', `${dropped} lines of the engine's log were dropped: too many at once`);
  }

  private engineLost(reason: string, retryMs: number): void {
    const failure = makeFailure('ERR_ENGINE_LOST', `the engine has ended (${reason}) and is started again`);
    this.log('error', failure.message);
    this.stats.pause();
    this.tryIt.engineLost();
    this.runs.engineLost(failure, retryMs);
    this.server.engineLost();
    for (const tell of this.tests.values()) tell({ kind: 'failed', step: null, failure });
    this.hub.notice('engineRestarted', failure);
  }

  private engineRestarted(): void {
    this.tellPaths();
    this.setLogLevel(this.config.settings.logLevel);
    this.server.resume();
    this.runs.engineRestarted();
  }

  /** A file that could not be read is reported, and never silently reset. */
  private reportStores(): void {
    if (this.vault.unreadable) this.hub.notice('secretsLost', null);
    for (const { origin, setAside } of [this.config.loaded, this.vault]) {
      if (setAside === undefined) continue;
      const restored = origin === 'lastGood';
      const lost = restored ? 'the last good copy is used' : 'what could be read of it is used';
      const failure = makeFailure('ERR_STORE_BROKEN', `a file could not be read and was set aside; ${lost}`, {
        details: { subject: setAside.slice(-512) },
      });
      const isVault = setAside.includes('secrets.broken');
      this.hub.notice(restored ? 'storeRestored' : isVault ? 'secretsLost' : 'storeBroken', failure);
      this.log('error', `${failure.message}: ${setAside}`);
    }
  }
}
