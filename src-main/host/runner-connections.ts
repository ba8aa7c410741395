import type { ConnectionRow } from '../../src-shared/connections.ts';
import type { ClientStatus, ForwardRule } from '../engine/index.ts';

/** What is remembered of a connection to give its rates: the counters of the last two looks. */
interface Meter {
  sent: number;
  received: number;
  up: number;
  down: number;
  at: number;
}

/** As much of a running rule as its connections need. */
interface OpenRule {
  readonly rule: { readonly id: string };
  readonly serial: number;
  readonly forward: ForwardRule | undefined;
}

/** What all connections of a profile have in common. */
interface About {
  /** Before every id: tells the runs of the engine's thread apart. */
  readonly prefix: string;
  readonly profileId: string;
  readonly transport: ConnectionRow['transport'];
  readonly session: ClientStatus['session'];
}

/** The connections of one profile as the table shows them. */
export class RunnerConnections {
  private readonly meters = new Map<string, Meter>();

  /** Of all connections that are open, with rates since the last time they were asked for. */
  read(rules: readonly OpenRule[], about: About): ConnectionRow[] {
    const { prefix, profileId, transport, session } = about;
    const now = performance.now();
    const seen = new Set<string>();
    const rows = rules.flatMap(({ rule, serial, forward }) =>
      (forward?.connections() ?? []).map((open): ConnectionRow => {
        const id = `${prefix}${serial}-${open.key}`;
        seen.add(id);
        const meter = this.measure(id, open.sent, open.received, now);
        return {
          id,
          profileId,
          ruleId: rule.id,
          protocol: open.datagrams === undefined ? 'tcp' : 'udp',
          // Port 0: each datagram has its own.
          target: open.datagrams !== undefined && open.target?.port === 0 ? null : (open.target ?? null),
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
}
