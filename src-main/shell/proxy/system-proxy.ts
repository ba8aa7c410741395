/** Makes one dynamic rule the system's proxy while it listens, and puts back what was there, whatever happens. */
import type { RunCommand } from '../run-command.ts';
import type { ProxyJournal } from './proxy-journal.ts';
import type { Command, Endpoint, ProxySystem, Saved } from './proxy-system.ts';
import type { StartWatchdog, Watchdog } from './watchdog.ts';

export interface SystemProxyOptions {
  /** Those that this platform may have; the first that answers is taken. */
  readonly systems: readonly ProxySystem[];
  readonly run: RunCommand;
  readonly journal: ProxyJournal;
  readonly startWatchdog: StartWatchdog;
  readonly log: (text: string) => void;
}

interface Applied {
  readonly system: ProxySystem;
  readonly endpoint: Endpoint;
  readonly saved: Saved;
  readonly watchdog: Watchdog;
}

/** Commands run one after the other: wanted states are taken in turn, and only the newest of those that wait counts. */
export class SystemProxy {
  private readonly options: SystemProxyOptions;
  private applied: Applied | undefined;
  private turn: Promise<void> = Promise.resolve();
  private wanted: Endpoint | undefined;

  constructor(options: SystemProxyOptions) {
    this.options = options;
  }

  /** What a killed app left behind is put back. Before anything else. */
  recover(): Promise<void> {
    return this.inTurn(async () => {
      const { journal, systems, run, log } = this.options;
      const entry = journal.read();
      if (entry === undefined) return;
      const system = systems.find(({ name }) => name === entry.system);
      const now = await system?.read(run);
      if (system !== undefined && now !== undefined && system.isOurs(now, entry.endpoint)) {
        await this.runAll(system.undo(entry.saved));
        log('the system proxy of a run that was killed is put back');
      }
      journal.remove();
    });
  }

  /** undefined: as it was before. Settled when it is so. */
  set(endpoint: Endpoint | undefined): Promise<void> {
    this.wanted = endpoint;
    return this.inTurn(() => this.reach(this.wanted));
  }

  private async reach(endpoint: Endpoint | undefined): Promise<void> {
    const { applied } = this;
    if (applied?.endpoint.host === endpoint?.host && applied?.endpoint.port === endpoint?.port) return;
    if (applied !== undefined) await this.restore(applied);
    if (endpoint !== undefined) await this.apply(endpoint);
  }

  private async apply(endpoint: Endpoint): Promise<void> {
    const { systems, run, journal, startWatchdog, log } = this.options;
    for (const system of systems) {
      const saved = await system.read(run);
      if (saved === undefined) continue;
      journal.write({ version: 1, system: system.name, endpoint, saved });
      const watchdog = startWatchdog(system.undo(saved));
      this.applied = { system, endpoint, saved, watchdog };
      if (await this.runAll(system.apply(endpoint, saved))) return;
      log('the system proxy could not be set: what was changed is put back');
      return this.restore(this.applied);
    }
    log('this system has no proxy setting that Culvert knows');
  }

  private async restore({ system, endpoint, saved, watchdog }: Applied): Promise<void> {
    const now = await system.read(this.options.run);
    // Somebody else has set another one meanwhile: theirs stays.
    if (now === undefined || system.isOurs(now, endpoint)) await this.runAll(system.undo(saved));
    watchdog.dismiss();
    this.options.journal.remove();
    this.applied = undefined;
  }

  /** Goes through all of them; answers whether each went well. */
  private async runAll(commands: readonly Command[]): Promise<boolean> {
    let well = true;
    for (const { program, args } of commands) {
      const { code } = await this.options.run(program, args);
      // Only a word to running programs: without it they find out later.
      if (code !== 0 && !/^(?:powershell\.exe|dbus-send)$/.test(program)) well = false;
    }
    return well;
  }

  private inTurn(action: () => Promise<void>): Promise<void> {
    const result = this.turn.then(action);
    this.turn = result.catch(() => {});
    return result;
  }
}
