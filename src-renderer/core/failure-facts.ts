import type { Failure } from '../../src-shared/errors.ts';
import type { Texts } from './texts.ts';

/** What is known of a failure beyond its code, in words. Pure. */
export function failureFacts(t: Texts, failure: Failure): readonly string[] {
  const { subject, port, holder, clockOffsetMs, status, limit } = failure.details ?? {};
  const facts: string[] = [];
  if (clockOffsetMs !== undefined) {
    const time = t.duration(Math.abs(clockOffsetMs));
    facts.push(t(clockOffsetMs > 0 ? 'failureDetails.clockAhead' : 'failureDetails.clockBehind', { time }));
  }
  if (subject !== undefined) facts.push(t('failureDetails.subject', { subject }));
  if (holder !== undefined) facts.push(t('failureDetails.holder', { holder }));
  if (port !== undefined) facts.push(t('failureDetails.port', { port }));
  if (status !== undefined) facts.push(t('failureDetails.status', { status }));
  if (limit !== undefined) facts.push(t('failureDetails.limit', { limit }));
  return facts;
}
