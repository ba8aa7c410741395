import { isDeepStrictEqual } from 'node:util';
import type { ConnectionRow } from '../../src-shared/connections.ts';
import type { Connection, Listener } from '../../src-shared/status.ts';
import type { Client, ForwardRule, Logger } from '../engine/index.ts';
import type { ProfileCounters, RuleCounters, RunProfile, RunRule } from './engine-messages.ts';
import { failureOf } from './failures.ts';
import { PathKeeper, type PathTable } from './known-paths.ts';
import { ConnectionView, forwardOf, makeClient } from './run-client.ts';
import { RunnerConnections } from './runner-connections.ts';

/** A rule of a running profile. */
interface RunningRule {
  readonly rule: RunRule;
  /** Names its connections: no other rule of this process has it. */
  readonly serial: number;
  forward: ForwardRule | undefined;
  listener: Listener;
}

let nextSerial = 1;

/** One profile at work: its client, and the rules that can come and go while it runs. */
export class ProfileRunner {
  readonly id: string;
  private profile: RunProfile;
  private readonly log: Logger;
  private readonly onChange: () => void;
  /** Where what is learnt about the way is kept. */
  private readonly paths: PathTable | undefined;
  private path: PathKeeper | undefined;
  private client: Client | undefined;
  private readonly view = new ConnectionView();
  private failed: Connection | undefined;
  private rules: RunningRule[] = [];
  private closed = false;
  /** Bytes of rules and clients that are gone. */
  private goneSent = 0;
  private goneReceived = 0;
  private readonly table = new RunnerConnections();
  /** One change after the other: listeners of the same port must not overlap. */
  private turn: Promise<void> = Promise.resolve();

  constructor(profile: RunProfile, log: Logger, onChange: () => void, paths?: PathTable) {
    this.paths = paths;
    this.id = profile.id;
    this.profile = profile;
    this.log = log;
    this.onChange = onChange;
  }

  start(): Promise<void> {
    return this.inTurn(() => this.open());
  }

  /** Changes to `profile`. What needs no new connection gets none, and rules that stay the same are left alone. */
  update(profile: RunProfile): Promise<void> {
    return this.inTurn(async () => {
      const same =
        isDeepStrictEqual(clientPart(profile), clientPart(this.profile)) && this.client !== undefined;
      this.profile = profile;
      if (same) {
        this.client?.setTransport(profile.transport);
        return this.applyRules();
      }
      this.drop();
      await this.open();
    });
  }

  retryNow(): void {
    this.view.forget();
    if (this.client === undefined) void this.start();
    else this.client.retryNow();
    this.onChange();
  }

  networkChanged(online: boolean | null): void {
    this.client?.networkChanged(online ?? true);
  }

  close(): void {
    this.closed = true;
    this.drop();
  }

  connection(): Connection {
    if (this.failed !== undefined) return this.failed;
    if (this.client === undefined) return { kind: 'connecting', since: Date.now() };
    return this.view.read(this.client.status());
  }

  listeners(): Record<string, Listener> {
    return Object.fromEntries(this.rules.map(({ rule, listener }) => [rule.id, listener]));
  }

  counters(): ProfileCounters {
    const status = this.client?.status();
    const rules = this.rules.map(({ rule, forward }): RuleCounters => {
      const { sent = 0, received = 0, active = 0, total = 0, failed = 0 } = forward?.status() ?? {};
      return { id: rule.id, sent, received, active, total, failed };
    });
    return {
      id: this.id,
      sent: rules.reduce((sum, rule) => sum + rule.sent, this.goneSent),
      received: rules.reduce((sum, rule) => sum + rule.received, this.goneReceived),
      connections: rules.reduce((sum, rule) => sum + rule.active, 0),
      rttMs: status?.session?.rttMs ?? null,
      rules,
    };
  }

  /** Of all connections that are open, with rates since the last time they were asked for. */
  rows(prefix: string): ConnectionRow[] {
    const connection = this.connection();
    return this.table.read(this.rules, {
      prefix,
      profileId: this.id,
      transport: 'transport' in connection ? connection.transport : null,
      session: this.client?.status().session,
    });
  }

  /** Resets those of rule `serial`; without keys all of the profile. */
  reset(serial?: number, keys?: ReadonlySet<number>): number {
    let count = 0;
    for (const rule of this.rules) {
      if (serial === undefined || rule.serial === serial) count += rule.forward?.reset(keys) ?? 0;
    }
    return count;
  }

  private inTurn(action: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(async () => {
      if (this.closed) return;
      await action();
      this.onChange();
    });
    return this.turn;
  }

  private async open(): Promise<void> {
    this.failed = undefined;
    try {
      this.view.forget();
      this.path = this.paths && new PathKeeper(this.paths, wayOf(this.profile));
      const client = await makeClient(this.profile, {
        log: this.log,
        onState: () => this.onChange(),
        recallPath: this.path?.recall,
      });
      if (this.closed) return;
      this.client = client;
      await client.start();
      await this.applyRules();
    } catch (error) {
      this.failed = { kind: 'failed', since: Date.now(), failure: failureOf(error) };
      this.log.warn(this.failed.failure.message);
    }
  }

  private async applyRules(): Promise<void> {
    const kept: RunningRule[] = [];
    for (const running of this.rules) {
      const wanted = this.profile.rules.find((rule) => rule.id === running.rule.id);
      const same = wanted !== undefined && isDeepStrictEqual(rulePart(wanted), rulePart(running.rule));
      if (running.forward !== undefined && same) kept.push(running);
      else this.dropRule(running);
    }
    // Listed at once, in their order, so that the page sees what is being opened.
    this.rules = this.profile.rules.map((rule) => {
      const old = kept.find((running) => running.rule.id === rule.id);
      if (old !== undefined) return old;
      const listener: Listener = { kind: rule.enabled ? 'starting' : 'off' };
      return { rule, serial: nextSerial++, forward: undefined, listener };
    });
    for (const running of this.rules) {
      if (running.forward === undefined && running.rule.enabled) await this.listen(running);
    }
  }

  private async listen(running: RunningRule): Promise<void> {
    const { rule } = running;
    const forward = forwardOf(rule);
    try {
      const opened = await this.client?.addForward(forward);
      if (opened === undefined) return;
      // It may have been dropped while its port was opened.
      if (this.closed || !this.rules.includes(running)) return this.client?.removeForward(opened);
      running.forward = opened;
      const port = opened.status().listening?.port ?? rule.bind.port;
      running.listener = { kind: 'listening', host: rule.bind.host, port };
    } catch (error) {
      if (this.closed) return;
      const failure = failureOf(error, { port: rule.bind.port, subject: rule.bind.host });
      running.listener = { kind: 'failed', failure };
      this.log.warn(failure.message);
    }
  }

  private dropRule({ forward }: RunningRule): void {
    if (forward === undefined) return;
    this.client?.removeForward(forward);
    const { sent, received } = forward.status();
    this.goneSent += sent;
    this.goneReceived += received;
  }

  /** What was learnt so far is handed on. */
  keepPath(): void {
    this.path?.keep(this.client?.pathMemory);
  }

  private drop(): void {
    this.keepPath();
    for (const rule of this.rules) this.dropRule(rule);
    this.rules = [];
    this.client?.destroy();
    this.client = undefined;
  }
}

/** What tells its way from others, without secrets. */
function wayOf({ id, server, proxy, hostHeader, sni, headers }: RunProfile): unknown[] {
  const through = proxy && [proxy.scheme, proxy.host, proxy.port];
  return [id, server, through, hostHeader, sni, headers];
}

/** What needs another client when it changes. */
function clientPart({
  rules: _rules,
  connectAtStart: _start,
  transport: _transport,
  ...rest
}: RunProfile): object {
  return rest;
}

/** ... or another listener. */
function rulePart({ name: _name, ...rest }: RunRule): object {
  return rest;
}
