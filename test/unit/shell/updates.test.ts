import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type UpdaterSlice, Updates, type UpdatesOptions } from '../../../src-main/shell/updates.ts';
import type { UpdateState } from '../../../src-shared/state.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function make(options: Partial<UpdatesOptions> = {}, version: string | undefined = '2.0.0') {
  const calls: string[] = [];
  const shown: UpdateState[] = [];
  let progress: (event: { percent: number }) => void = () => {};
  const updater: UpdaterSlice = {
    autoDownload: true,
    autoInstallOnAppQuit: true,
    checkForUpdates: async () => {
      calls.push('check');
      return { isUpdateAvailable: version !== undefined, updateInfo: { version: version ?? '1.0.0' } };
    },
    downloadUpdate: async () => {
      calls.push('load');
      progress({ percent: 140 });
    },
    quitAndInstall: () => void calls.push('install'),
    on: (_event, listener) => {
      progress = listener;
    },
  };
  const updates = new Updates({
    updater,
    installs: true,
    show: (state) => shown.push(state),
    openReleases: (found) => void calls.push(`page ${found}`),
    liveStreams: () => 0,
    mayCut: async () => false,
    drain: async () => void calls.push('drain'),
    restart: () => void calls.push('restart'),
    now: () => 7,
    ...options,
  });
  return { updates, updater, calls, shown };
}

describe('updates', () => {
  it('load and install nothing by themselves', () => {
    const { updater } = make();
    expect([updater.autoDownload, updater.autoInstallOnAppQuit]).toEqual([false, false]);
  });

  it('tell, load and install when asked to, in this order alone', async () => {
    const { updates, calls, shown } = make();
    await updates.loadUpdate();
    await updates.installUpdate();
    expect(calls).toEqual([]);
    await updates.checkUpdate();
    await updates.loadUpdate();
    await updates.installUpdate();
    expect(calls).toEqual(['check', 'load', 'drain', 'install']);
    expect(shown).toEqual([
      { kind: 'checking' },
      { kind: 'available', version: '2.0.0' },
      { kind: 'loading', version: '2.0.0', percent: 0 },
      { kind: 'loading', version: '2.0.0', percent: 100 },
      { kind: 'ready', version: '2.0.0' },
    ]);
  });

  it('say when there is none, and when looking failed', async () => {
    const none = make({}, '');
    const { updates, shown } = make({
      updater: {
        ...none.updater,
        checkForUpdates: async () => {
          throw new Error('no network');
        },
      },
    });
    await updates.checkUpdate();
    expect(shown.at(-1)).toMatchObject({ kind: 'failed', failure: { code: 'ERR_UPDATE' } });
    const quiet = make({ updater: { ...none.updater, checkForUpdates: async () => null } });
    await quiet.updates.checkUpdate();
    expect(quiet.shown.at(-1)).toEqual({ kind: 'idle', checkedAt: 7 });
  });

  it('of a deb or rpm open the page of the release', async () => {
    const { updates, updater, calls } = make({ installs: false });
    updates.follow('auto');
    expect(updater.autoInstallOnAppQuit).toBe(false);
    await updates.checkUpdate();
    await updates.loadUpdate();
    await updates.installUpdate();
    expect(calls).toEqual(['check', 'page 2.0.0']);
  });

  it('never cut live streams without asking', async () => {
    const asked: number[] = [];
    let yes = false;
    const { updates, calls } = make({
      liveStreams: () => 3,
      mayCut: async (count) => {
        asked.push(count);
        return yes;
      },
    });
    await updates.checkUpdate();
    await updates.loadUpdate();
    await updates.installUpdate();
    expect(calls).not.toContain('install');
    yes = true;
    await updates.installUpdate();
    expect([asked, calls.slice(-2)]).toEqual([
      [3, 3],
      ['drain', 'install'],
    ]);
  });

  it('ask once, however often they are asked for', async () => {
    let answer = (_may: boolean): void => {};
    const mayCut = vi.fn(
      () =>
        new Promise<boolean>((resolve) => {
          answer = resolve;
        }),
    );
    const { updates, calls } = make({ liveStreams: () => 3, mayCut });
    await updates.checkUpdate();
    await updates.loadUpdate();
    const asked = [updates.installUpdate(), updates.installUpdate()];
    expect(mayCut).toHaveBeenCalledTimes(1);
    answer(false);
    await Promise.all(asked);
    expect(calls).not.toContain('drain');
    const again = updates.installUpdate();
    answer(true);
    await again;
    expect(calls.slice(-2)).toEqual(['drain', 'install']);
  });

  it.each([
    ['does not come', () => {}],
    [
      'cannot start',
      () => {
        throw new Error('EACCES');
      },
    ],
  ])('start the app anew when the installer %s: it has drained already', async (_name, quitAndInstall) => {
    const { updates, updater, calls } = make();
    updater.quitAndInstall = quitAndInstall;
    await updates.checkUpdate();
    await updates.loadUpdate();
    await updates.installUpdate();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(calls.slice(2)).toContain('restart');
    expect(calls.indexOf('drain')).toBeLessThan(calls.indexOf('restart'));
  });

  it('are looked for daily as the setting says', async () => {
    const { updates, updater, calls } = make();
    updates.follow('ask');
    await vi.advanceTimersByTimeAsync(31_000);
    expect(calls).toEqual(['check']);
    await vi.advanceTimersByTimeAsync(24 * 3_600_000);
    expect(calls).toEqual(['check', 'check']);
    updates.follow('auto');
    expect(updater.autoInstallOnAppQuit).toBe(true);
    await vi.advanceTimersByTimeAsync(31_000);
    expect(calls).toEqual(['check', 'check', 'check', 'load']);
    updates.follow('off');
    await vi.advanceTimersByTimeAsync(48 * 3_600_000);
    expect(calls).toHaveLength(4);
  });
});
