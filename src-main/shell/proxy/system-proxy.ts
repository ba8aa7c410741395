/**
 * Makes one dynamic rule the system's proxy while it listens, and puts back what was there, whatever happens.
 *
 * ```
 * set:      read ─► journal ─► watchdog ─► set          stopped anywhere: the journal says what to put back
 * restore:  read ─► put back ─► dismiss ─► remove journal
 * ```
 */
import { Turns } from '../../host/turns.ts';
import type { RunCommand } from '../run-command.ts';
import type { JournalEntry, ProxyJournal } from './proxy-journal.ts';
import { type Command, type Endpoint, type ProxySystem, type Saved, toRestore } from './proxy-system.ts';
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
  readonly entry: JournalEntry;
  readonly watchdog: Watchdog;
}

/** Commands run one after the other: wanted states are taken in turn, and only the newest of those that wait counts. */
export class SystemProxy {
  private readonly options: SystemProxyOptions;
  private applied: Applied | undefined;
  private readonly turns = new Turns();
  private wanted: Endpoint | undefined;

  constructor(options: SystemProxyOptions) {
    this.options = options;
  }

  /** What a killed app left behind is put back. Before anything else. */
  recover(): Promise<void> {
    return this.turns.take(async () => {
      const entry = this.options.journal.read();
      if (entry === undefined) return;
      if (await this.putBack(entry))
        this.options.log('the system proxy of a run that was killed is put back');
    });
  }

  /** undefined: as it was before. Settled when it is so. */
  set(endpoint: Endpoint | undefined): Promise<void> {
    this.wanted = endpoint;
    return this.turns.take(() => this.reach(this.wanted));
  }

  private async reach(endpoint: Endpoint | undefined): Promise<void> {
    const { applied } = this;
    const current = applied?.entry.endpoint;
    if (current?.host === endpoint?.host && current?.port === endpoint?.port) return;
    if (applied !== undefined) await this.restore(applied);
    if (endpoint !== undefined) await this.apply(endpoint);
  }

  private async apply(endpoint: Endpoint): Promise<void> {
    const { systems, run, journal, startWatchdog, log } = this.options;
    // What could not be put back yet would be read as what a person had.
    const left = journal.read();
    if (left !== undefined && !(await this.putBack(left))) return;
    for (const system of systems) {
      const saved = await system.read(run);
      if (saved === undefined) continue;
      const entry: JournalEntry = { version: 1, system: system.name, endpoint, saved };
      journal.write(entry);
      const applied = { entry, watchdog: startWatchdog(system.undo(saved)) };
      this.applied = applied;
      if (await this.runAll(system.apply(endpoint, saved))) return;
      log('the system proxy could not be set: what was changed is put back');
      return this.restore(applied);
    }
    log('this system has no proxy setting that Culvert knows');
  }

  private async restore({ entry, watchdog }: Applied): Promise<void> {
    // What could not be put back now it tries once more when the app has ended.
    if (await this.putBack(entry)) watchdog.dismiss();
    this.applied = undefined;
  }

  /** Whether all is as it was; else the journal stays, and it is tried again at the next start. */
  private async putBack({ system: name, endpoint, saved }: JournalEntry): Promise<boolean> {
    const { systems, run, journal, log } = this.options;
    const system = systems.find((one) => one.name === name);
    const now = await system?.read(run);
    const back: Saved | undefined = system && now && toRestore(system, endpoint, saved, now);
    if (system === undefined || back === undefined || !(await this.runAll(system.undo(back)))) {
      log(`the system proxy (${name}) could not be put back: it is tried again at the next start`);
      return false;
    }
    journal.remove();
    return true;
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
}
