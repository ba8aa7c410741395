import { isDeepStrictEqual } from 'node:util';
import type { ConnectionRow } from '../../src-shared/connections.ts';
import type { Connection, Listener } from '../../src-shared/status.ts';
import type { Client, ForwardRule, Logger } from '../engine/index.ts';
import type { ProfileCounters, RuleCounters, RunProfile, RunRule } from './engine-messages.ts';
import { failureOf } from './failures.ts';
import { ConnectionView, forwardOf, makeClient } from './run-client.ts';

/** A rule of a running profile. */
interface RunningRule {
  readonly rule: RunRule;
  /** Names its connections: no other rule of this process has it. */
  readonly serial: number;
  forward: ForwardRule | undefined;
  listener: Listener;
}

/** What is remembered of a connection to give its rates: the counters of the last two looks. */
interface Meter {
  sent: number;
  received: number;
  up: number;
  down: number;
  at: number;
}

let nextSerial = 1;

/** One profile at work: its client, and the rules that can come and go while it runs. */
export class ProfileRunner {
  readonly id: string;
  private profile: RunProfile;
  private readonly log: Logger;
  private readonly onChange: () => void;
  private client: Client | undefined;
  private readonly view = new ConnectionView();
  private failed: Connection | undefined;
  private rules: RunningRule[] = [];
  private closed = false;
  /** Bytes of rules and clients that are gone. */
  private goneSent = 0;
  private goneReceived = 0;
  private readonly meters = new Map<string, Meter>();
  /** One change after the other: listeners of the same port must not overlap. */
  private turn: Promise<void> = Promise.resolve();

  constructor(profile: RunProfile, log: Logger, onChange: () => void) {
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
    const transport = 'transport' in connection ? connection.transport : null;
    const session = this.client?.status().session;
    const now = performance.now();
    const seen = new Set<string>();
    const rows = this.rules.flatMap(({ rule, serial, forward }) =>
      (forward?.connections() ?? []).map((open): ConnectionRow => {
        const id = `${prefix}${serial}-${open.key}`;
        seen.add(id);
        const meter = this.measure(id, open.sent, open.received, now);
        return {
          id,
          profileId: this.id,
          ruleId: rule.id,
          target: open.target ?? null,
          state: transport === null ? 'held' : 'open',
          transport,
          openedAt: open.openedAt,
          resumes: session?.resumes ?? 0,
          replayedBytes: session?.resentBytes ?? 0,
          sent: open.sent,
          received: open.received,
          up: meter.up,
          down: meter.down,
        };
      }),
    );
    for (const id of this.meters.keys()) if (!seen.has(id)) this.meters.delete(id);
    return rows;
  }

  /** Resets those of rule `serial`; without keys all of the profile. */
  reset(serial?: number, keys?: ReadonlySet<number>): number {
    let count = 0;
    for (const rule of this.rules) {
      if (serial === undefined || rule.serial === serial) count += rule.forward?.reset(keys) ?? 0;
    }
    return count;
  }

  private measure(id: string, sent: number, received: number, now: number): Meter {
    const meter = this.meters.get(id);
    if (meter === undefined) {
      const first = { sent, received, up: 0, down: 0, at: now };
      this.meters.set(id, first);
      return first;
    }
    const seconds = (now - meter.at) / 1000;
    // Several watchers may look at nearly the same time: too short a span measures noise.
    if (seconds >= 0.09) {
      meter.up = Math.max(0, (sent - meter.sent) / seconds);
      meter.down = Math.max(0, (received - meter.received) / seconds);
      Object.assign(meter, { sent, received, at: now });
    }
    return meter;
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
      const client = await makeClient(this.profile, { log: this.log, onState: () => this.onChange() });
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

  private drop(): void {
    for (const rule of this.rules) this.dropRule(rule);
    this.rules = [];
    this.client?.destroy();
    this.client = undefined;
  }
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
