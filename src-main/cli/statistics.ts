import { formatBytes, formatDuration, formatRate } from '../../src-shared/format.ts';
import {
  type ClientStatus,
  type ConnectionStatus,
  type DatagramCounters,
  type DialerState,
  describeError,
  formatHostPort,
  type ServerSessionStatus,
} from '../engine/index.ts';

/** How often `-v` prints the counters. */
export const STATISTICS_INTERVAL_MS = 5000;
/** Connections listed under a rule, the busiest first; the rest is counted. */
const MAX_LISTED = 16;

interface Amounts {
  readonly sent: number;
  readonly received: number;
}

const NOTHING: Amounts = { sent: 0, received: 0 };

/** Remembers the counters between two lines, which is what a rate is made of. */
export class RateBook {
  private before = new Map<string, Amounts>();
  private now = new Map<string, Amounts>();

  /** `1.2 MiB up (10 KiB/s), 3 MiB down (1 MiB/s)`; `name` stays the same from turn to turn. */
  line(name: string, amounts: Amounts, seconds: number): string {
    const { sent, received } = this.before.get(name) ?? NOTHING;
    this.now.set(name, { sent: amounts.sent, received: amounts.received });
    const up = formatRate(Math.max(0, amounts.sent - sent) / seconds);
    const down = formatRate(Math.max(0, amounts.received - received) / seconds);
    return `${formatBytes(amounts.sent)} up (${up}), ${formatBytes(amounts.received)} down (${down})`;
  }

  /** Bytes moved under `name` since the last turn. */
  moved(name: string, amounts: Amounts): number {
    const { sent, received } = this.before.get(name) ?? NOTHING;
    return amounts.sent - sent + (amounts.received - received);
  }

  /** The turn is over; names that were not used in it are forgotten. */
  turn(): void {
    this.before = this.now;
    this.now = new Map();
  }
}

/** A client's counters: the connection to the server, then each rule with its open connections. */
export function clientLines(
  status: ClientStatus,
  connections: readonly (readonly ConnectionStatus[])[],
  book: RateBook,
  seconds: number,
  now: number,
): string[] {
  const lines = [stateLine(status, now), ...pathLines(status, now)];
  status.rules.forEach((rule, index) => {
    const counts = `${rule.active} open, ${rule.total} in all, ${rule.failed} failed`;
    const parts = [`${rule.label}: ${counts}`, book.line(rule.label, rule, seconds)];
    if (hasAny(rule.datagrams))
      parts.push(datagramText(rule.datagrams.sent, rule.datagrams.received, rule.datagrams));
    lines.push(parts.join('; '));
    const open = connections[index] ?? [];
    const named = open.map((each) => ({ each, name: `${rule.label} ${each.id}` }));
    named.sort((a, b) => book.moved(b.name, b.each) - book.moved(a.name, a.each));
    named.forEach(({ each, name }, place) => {
      const text = book.line(name, each, seconds);
      const { datagrams } = each;
      const more = datagrams ? `; ${datagramText(datagrams.sent, datagrams.received, datagrams)}` : '';
      if (place < MAX_LISTED) lines.push(`  #${each.id} ${targetText(each)}: ${text}${more}`);
    });
    if (open.length > MAX_LISTED) lines.push(`  and ${open.length - MAX_LISTED} more`);
  });
  book.turn();
  return lines;
}

/** A server's counters: a line per session. Up is from the client's view here too. */
export function serverLines(
  sessions: readonly ServerSessionStatus[],
  book: RateBook,
  seconds: number,
): string[] {
  const lines = [`${sessions.length} ${sessions.length === 1 ? 'session' : 'sessions'}`];
  for (const session of sessions) {
    const counts = `${session.streams} open, ${session.opened} in all`;
    const amounts = { sent: session.received, received: session.sent };
    const parts = [`${session.from ?? 'away'} (user ${session.user}): ${counts}`];
    parts.push(book.line(session.id, amounts, seconds));
    const { datagrams, associations } = session;
    if (associations > 0 || hasAny(datagrams)) {
      const text = datagramText(datagrams.received, datagrams.sent, datagrams);
      parts.push(`${associations} UDP ${associations === 1 ? 'association' : 'associations'}, ${text}`);
    }
    if (session.rttMs !== undefined) parts.push(`round trip ${formatDuration(session.rttMs)}`);
    if (session.resumes > 0)
      parts.push(`resumed ${timesText(session.resumes)}, ${formatBytes(session.resentBytes)} sent again`);
    lines.push(parts.join('; '));
  }
  book.turn();
  return lines;
}

function stateLine({ state, session, streams, carrier }: ClientStatus, now: number): string {
  const parts = [stateText(state, now), `${streams} ${streams === 1 ? 'connection' : 'connections'} open`];
  if (session !== undefined) {
    if (session.rttMs !== undefined) parts.push(`round trip ${formatDuration(session.rttMs)}`);
    parts.push(`resumed ${timesText(session.resumes)}, ${formatBytes(session.resentBytes)} sent again`);
  }
  const learnt = Object.entries(carrier?.learnt ?? {}).filter(([, value]) => value !== undefined);
  if (learnt.length > 0)
    parts.push(`learnt: ${learnt.map(([name, value]) => `${name} ${value}`).join(', ')}`);
  return parts.join('; ');
}

/** The transports that are not in use and were tried: a client that may choose says what it knows of them. */
function pathLines({ paths }: ClientStatus, now: number): string[] {
  return paths.flatMap(({ name, state, rttMs, error, retryAt }) => {
    if (state === 'inUse' || state === 'untried') return [];
    if (state === 'works') return [`${name} works${rttMs === undefined ? '' : `, ${formatDuration(rttMs)}`}`];
    const again = retryAt === undefined ? '' : `; again in ${formatDuration(Math.max(0, retryAt - now))}`;
    return [`${name} does not work here: ${error?.message ?? 'no answer'}${again}`];
  });
}

function stateText(state: DialerState, now: number): string {
  switch (state.kind) {
    case 'stopped':
      return 'stopped';
    case 'connecting':
      return `connecting for ${formatDuration(now - state.since)}`;
    case 'connected':
      return `connected for ${formatDuration(now - state.since)}: ${state.carrier} (${state.why})`;
    case 'degraded': {
      const what = state.how === 'stalls' ? 'nothing comes back' : 'slow';
      return `degraded for ${formatDuration(now - state.since)}: ${state.carrier}: ${what}`;
    }
    case 'reconnecting':
      return `reconnecting for ${formatDuration(now - state.since)} (${describeError(state.error)}), ${nextTry(state, now)}`;
    case 'waitingForNetwork':
      return `waiting for a network (${describeError(state.error)}), ${nextTry(state, now)}`;
    case 'failed':
      return `not connected (${describeError(state.error)}), ${nextTry(state, now)}`;
  }
}

function nextTry({ until }: { until: number | undefined }, now: number): string {
  return until === undefined ? 'trying' : `next try in ${formatDuration(Math.max(0, until - now))}`;
}

function targetText({ target, datagrams }: ConnectionStatus): string {
  if (target === undefined) return '?';
  if (datagrams !== undefined && target.port === 0) return 'UDP association';
  const place = target.host === '' ? `the server:${target.port}` : formatHostPort(target.host, target.port);
  return datagrams === undefined ? place : `${place}/udp`;
}

function timesText(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function hasAny({ sent, received, dropped }: DatagramCounters): boolean {
  return sent + received + dropped > 0;
}

/** `12 datagrams up, 10 down, 1 dropped`. */
function datagramText(up: number, down: number, { dropped }: DatagramCounters): string {
  return `${up} ${up === 1 ? 'datagram' : 'datagrams'} up, ${down} down, ${dropped} dropped`;
}
