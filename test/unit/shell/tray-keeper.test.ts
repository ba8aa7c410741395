import { describe, expect, it } from 'vitest';
import { TrayIcon } from '../../../src-main/shell/tray.ts';
import { TrayKeeper } from '../../../src-main/shell/tray-keeper.ts';
import { trayModel } from '../../../src-main/shell/tray-model.ts';
import { en } from '../../../src-shared/i18n/messages.ts';
import { ElectronDouble, keyringDouble, pathOf } from '../../shell/electron-double.ts';
import { sampleState } from './states.ts';

const stopped = trayModel(sampleState({}), undefined, en);
const on = trayModel(
  sampleState({ Home: { kind: 'connected', transport: 'ws', rttMs: 1, since: 1, resumes: 0 } }),
  undefined,
  en,
);

function make() {
  const electron = new ElectronDouble(() => Promise.reject(new Error('no window here')), keyringDouble());
  const { makeTray, buildMenu, readImage } = electron.api;
  const told: boolean[] = [];
  const acted: string[] = [];
  const panel = { there: true };
  const keeper = new TrayKeeper(
    {
      isAvailable: async () => panel.there,
      makeIcon: (model) =>
        new TrayIcon({ makeTray, buildMenu, icon: readImage, act: ({ kind }) => acted.push(kind) }, model),
      onChange: (there) => told.push(there),
      recheckMs: { first: 5, later: 5 },
    },
    stopped,
  );
  return { electron, keeper, panel, told, acted };
}

describe('the tray icon', () => {
  it('changes only what has changed: a menu that is open would close', async () => {
    const { electron, keeper, acted } = make();
    await keeper.start();
    const [tray] = electron.trays;
    keeper.show(stopped);
    keeper.show({ ...stopped });
    expect(tray.menus).toBe(1);
    keeper.show(on);
    expect([tray.menus, pathOf(tray.image), tray.tip]).toEqual([
      2,
      'connected',
      'Culvert · Connected · Home',
    ]);
    tray.emit('click');
    expect(acted).toEqual(['open']);
    keeper.stop();
    expect(tray.destroyed).toBe(true);
  });

  it('comes with a panel that comes later, goes with it, and comes back as things are then', async () => {
    const { electron, keeper, panel, told } = make();
    panel.there = false;
    expect(await keeper.start()).toBe(false);
    panel.there = true;
    await expect.poll(() => told).toEqual([true]);
    panel.there = false;
    await expect.poll(() => told).toEqual([true, false]);
    keeper.show(on);
    panel.there = true;
    await expect.poll(() => told).toEqual([true, false, true]);
    expect(electron.trays.at(-1)?.tip).toBe('Culvert · Connected · Home');
    keeper.stop();
  });

  it('does not come back after the end, when the panel answers late', async () => {
    const { electron, keeper, panel } = make();
    const starting = keeper.start();
    panel.there = true;
    keeper.stop();
    expect(await starting).toBe(false);
    expect(electron.trays).toEqual([]);
  });

  it('is none where Electron refuses one', async () => {
    const { electron, keeper, told } = make();
    electron.trayFails = true;
    expect(await keeper.start()).toBe(false);
    expect(told).toEqual([]);
    keeper.stop();
  });
});
