import { describe, expect, it } from 'vitest';
import { template } from '../../../src-main/shell/tray.ts';
import { trayIconPath } from '../../../src-main/shell/tray-icons.ts';
import { shapeOf, type TrayItem, trayModel } from '../../../src-main/shell/tray-model.ts';
import { en } from '../../../src-shared/i18n/messages.ts';
import { zhCn } from '../../../src-shared/i18n/zh-cn.ts';
import type { AppState } from '../../../src-shared/state.ts';
import type { Connection } from '../../../src-shared/status.ts';
import { filesBelow } from '../../support/sources.ts';
import { sampleState } from './states.ts';

const connected: Connection = { kind: 'connected', transport: 'ws', rttMs: 12, since: 1, resumes: 0 };
const reconnecting: Connection = {
  kind: 'reconnecting',
  attempt: 2,
  retryAt: null,
  held: 0,
  failure: { code: 'ERR_SERVER_TIMEOUT', message: 'x' },
};
const labels = (items: readonly TrayItem[]): string[] =>
  items.map((item) => {
    if (item.kind === 'separator') return '-';
    return item.kind === 'menu' ? `${item.label} > ${labels(item.items).join(', ')}` : item.label;
  });
const model = (
  state: AppState,
  texts: typeof en | typeof zhCn = en,
  figures?: { up: number; down: number },
) => trayModel(state, figures, texts);

describe('the tray', () => {
  it('offers nothing to connect where there is no profile', () => {
    expect(labels(model(sampleState({})).items)).toEqual([
      'Stopped',
      '-',
      '-',
      'Open Culvert',
      'Quit Culvert',
    ]);
  });

  it('shows state, rates, the valid action, profiles and addresses', () => {
    const state = sampleState({ Home: connected, Work: undefined });
    expect(model(state, en, { up: 1024, down: 2048 })).toMatchObject({
      shape: 'connected',
      tip: 'Culvert · Connected · Home',
    });
    expect(labels(model(state, en, { up: 1024, down: 2048 }).items)).toEqual([
      'Connected · Home',
      'Up 1 KiB/s · down 2 KiB/s',
      '-',
      'Disconnect',
      'Profiles > Connected · Home, Work',
      'Copy local address > web · 127.0.0.1:8080',
      '-',
      'Open Culvert',
      'Quit Culvert',
    ]);
  });

  it('says it in Chinese', () => {
    const state = sampleState({ Home: connected });
    expect(labels(model(state, zhCn, { up: 0, down: 0 }).items).join(' ')).toMatch(/断开|退出 Culvert/);
    expect(labels(model(state, zhCn).items).join(' ')).not.toMatch(/Disconnect|Quit/);
  });

  it('hurries what waits, and shows the most urgent state', () => {
    const state = sampleState({ Home: connected, Work: reconnecting });
    const { shape, items } = model(state);
    expect(shape).toBe('busy');
    expect(labels(items).slice(0, 4)).toEqual(['Reconnecting · Work', '-', 'Retry now', 'Disconnect']);
  });

  it('lists at most 25 profiles, those that are on first', () => {
    const many: Record<string, Connection | undefined> = {};
    for (let i = 0; i < 40; i++) many[`P${i}`] = i === 39 ? connected : undefined;
    const menu = model(sampleState(many)).items.find((item) => item.kind === 'menu');
    expect(menu?.kind === 'menu' && menu.items.length).toBe(25);
    expect(menu?.kind === 'menu' && labels(menu.items)[0]).toBe('Connected · P39');
  });

  it('takes no mnemonic and no line break from a name', () => {
    expect(labels(model(sampleState({ 'a&b\nc': connected })).items)[0]).toBe('Connected · a&&b c');
  });

  it('becomes a menu whose items act', () => {
    const acted: unknown[] = [];
    const made = template(model(sampleState({ Home: connected })).items, (action) => acted.push(action));
    const profiles = made.find(({ label }) => label === 'Profiles')?.submenu;
    const [item] = Array.isArray(profiles) ? profiles : [];
    expect(item).toMatchObject({ type: 'checkbox', checked: true });
    Reflect.apply(item.click ?? (() => {}), undefined, []);
    expect(acted).toEqual([{ kind: 'toggle', profileId: 'id-Home', on: false }]);
    expect(made[0]).toMatchObject({ enabled: false });
  });

  it('has a drawn icon for every shape on every system', () => {
    const files = new Set(filesBelow('assets/tray'));
    const kinds = ['stopped', 'connecting', 'connected', 'degraded', 'reconnecting', 'failed'] as const;
    for (const kind of [...kinds, 'waitingForNetwork' as const]) {
      for (const platform of ['linux', 'darwin', 'win32'] as const) {
        for (const dark of [true, false]) {
          const path = trayIconPath('assets/tray', shapeOf(kind), platform, dark).replaceAll('\\', '/');
          expect(files, path).toContain(path);
        }
      }
    }
  });
});
