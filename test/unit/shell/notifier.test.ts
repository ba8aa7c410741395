import { describe, expect, it } from 'vitest';
import { Notifier } from '../../../src-main/shell/notifier.ts';
import { en } from '../../../src-shared/i18n/messages.ts';
import type { AppState } from '../../../src-shared/state.ts';
import type { Connection } from '../../../src-shared/status.ts';
import { sampleState } from './states.ts';

const failure = { code: 'ERR_SERVER_TIMEOUT', message: 'x' } as const;
const up: Connection = { kind: 'connected', transport: 'ws', rttMs: 1, since: 1, resumes: 0 };
const lost: Connection = { kind: 'reconnecting', attempt: 1, retryAt: null, held: 0, failure };
const failed: Connection = { kind: 'failed', since: 1, failure };

function told(
  choice: AppState['settings']['notifications'],
  steps: ReadonlyArray<[Connection | undefined, number]>,
) {
  const notifier = new Notifier();
  return steps.flatMap(([connection, at]) =>
    notifier
      .take(sampleState({ Home: connection }, { notifications: choice }), en, at)
      .map(({ body }) => body),
  );
}

describe('notifications', () => {
  it('tell of a loss that lasts, of what is found again, and of a failure, once each', () => {
    const steps: Array<[Connection | undefined, number]> = [
      [up, 0],
      [up, 10],
      [lost, 1_000],
      [lost, 2_000],
      [lost, 4_000],
      [lost, 5_000],
      [up, 6_000],
      [failed, 7_000],
      [failed, 8_000],
    ];
    expect(told('all', steps)).toEqual([
      'Home is connected.',
      'Home lost its way and reconnects.',
      'Home is connected.',
      `Home failed: ${en.failures.ERR_SERVER_TIMEOUT.title}.`,
    ]);
    expect(told('problems', steps)).toEqual([
      'Home lost its way and reconnects.',
      `Home failed: ${en.failures.ERR_SERVER_TIMEOUT.title}.`,
    ]);
    expect(told('none', steps)).toEqual([]);
  });

  it('do not tell of a short loss', () => {
    expect(
      told('problems', [
        [up, 0],
        [lost, 100],
        [up, 900],
      ]),
    ).toEqual([]);
  });

  it('do not tell of what a person did', () => {
    expect(
      told('problems', [
        [up, 0],
        [undefined, 100],
      ]),
    ).toEqual([]);
  });

  it('ask to be looked at again when a loss becomes worth a word', () => {
    const notifier = new Notifier();
    notifier.take(sampleState({ Home: up }), en, 0);
    expect(notifier.nextLook(0)).toBeUndefined();
    notifier.take(sampleState({ Home: lost }), en, 1_000);
    expect(notifier.nextLook(2_000)).toBe(2_000);
  });
});
