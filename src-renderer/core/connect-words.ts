/** A connection's state in one line: what carries it, how far away the server is, since when. Pure. */
import { formatCountdown } from '../../src-shared/format.ts';
import { assertNever } from '../../src-shared/schema.ts';
import type { Connection } from '../../src-shared/status.ts';
import { failureFacts } from './failure-facts.ts';
import type { Texts } from './texts.ts';

/** The parts, most telling first; `now` by the host's clock. */
export function connectionDetails(t: Texts, connection: Connection, now: number): readonly string[] {
  const age = (since: number) => t.duration(wholeSeconds(now - since));
  switch (connection.kind) {
    case 'stopped':
      return [];
    case 'failed':
      return failureFacts(t, connection.failure);
    case 'connecting':
    case 'waitingForNetwork': {
      const since = t('stateDetails.since', { age: age(connection.since) });
      return connection.kind === 'connecting' ? [since] : [...held(t, connection.held), since];
    }
    case 'connected': {
      const { transport, rttMs, since, resumes } = connection;
      return [
        t('stateDetails.transport', { transport: t(`transports.${transport}`) }),
        ...(rttMs === null ? [] : [t('stateDetails.rtt', { rtt: t.duration(roundTrip(rttMs)) })]),
        t('stateDetails.since', { age: age(since) }),
        ...(resumes === 0 ? [] : [t('stateDetails.resumed', { count: resumes })]),
      ];
    }
    case 'degraded':
      return [
        t('stateDetails.transport', { transport: t(`transports.${connection.transport}`) }),
        t('stateDetails.silent', { age: age(connection.silentSince) }),
      ];
    case 'reconnecting': {
      const { attempt, retryAt } = connection;
      const next =
        retryAt === null || retryAt <= now
          ? t('stateDetails.retryingNow')
          : t('stateDetails.retryIn', { time: countdown(t, retryAt - now) });
      return [t('stateDetails.attempt', { attempt }), next, ...held(t, connection.held)];
    }
    default:
      return assertNever(connection);
  }
}

function held(t: Texts, count: number): readonly string[] {
  return count === 0 ? [] : [t('stateDetails.held', { count })];
}

function countdown(t: Texts, ms: number): string {
  return t.language === 'en' ? formatCountdown(ms) : t.duration(Math.ceil(ms / 1_000) * 1_000);
}

/** Ages below a second would flicker. */
function wholeSeconds(ms: number): number {
  return Math.max(0, Math.floor(ms / 1_000)) * 1_000;
}

function roundTrip(ms: number): number {
  return ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms);
}
