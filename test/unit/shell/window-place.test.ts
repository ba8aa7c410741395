import { describe, expect, it } from 'vitest';
import { DEFAULT_SIZE, fitPlace, readPlace } from '../../../src-main/shell/window-place.ts';

const screen = { x: 0, y: 25, width: 1440, height: 875 };
const second = { x: 1440, y: 0, width: 1920, height: 1080 };
const at = (x: number, y: number, width = 900, height = 600) => ({ x, y, width, height, maximized: false });

describe('where the window opens', () => {
  it.each([
    ['where it was', at(100, 100), [screen], at(100, 100)],
    ['on the second screen', at(1500, 50), [screen, second], at(1500, 50)],
    ['anywhere, when its screen is gone', at(1500, 50), [screen], { width: 900, height: 600 }],
    [
      'anywhere, when its title bar could not be reached',
      at(100, 895),
      [screen],
      { width: 900, height: 600 },
    ],
    ['below the menu bar', at(100, 0), [screen], at(100, 25)],
    ['no larger than the screen', at(0, 25, 3000, 2000), [screen], at(0, 25, 1440, 875)],
    ['no smaller than it may be', at(100, 100, 300, 200), [screen], at(100, 100, 720, 480)],
  ])('%s', (_name, place, areas, wanted) => {
    const { maximized: _maximized, ...bounds } = { maximized: false, ...wanted };
    expect(fitPlace(place, areas)).toEqual(bounds);
  });

  it('has a default, also for what cannot be read', () => {
    expect(fitPlace(undefined, [screen])).toEqual(DEFAULT_SIZE);
    for (const bad of [undefined, null, 3, {}, { ...at(1, 2), x: 1e9 }, { ...at(1, 2), more: 1 }]) {
      expect(readPlace({ read: () => bad, write: () => {} })).toBeUndefined();
    }
    expect(readPlace({ read: () => at(1, 2), write: () => {} })).toEqual(at(1, 2));
  });
});
