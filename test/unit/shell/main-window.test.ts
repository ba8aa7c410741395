import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WindowSlice } from '../../../src-main/shell/electron-api.ts';
import { MainWindow } from '../../../src-main/shell/main-window.ts';

/** A window without a page: what it was asked, and loads that end as they are told to. */
class Frame extends EventEmitter implements WindowSlice {
  readonly webContents = Object.assign(new EventEmitter(), { id: 1, send: () => {} });
  loads = 0;
  shown = 0;
  gone = false;
  minimized = false;
  fails = false;
  async loadURL(): Promise<void> {
    this.loads++;
    if (this.fails) throw new Error('ERR_FILE_NOT_FOUND');
  }
  show = (): void => void this.shown++;
  focus = (): void => {};
  minimize = (): void => {
    this.minimized = true;
  };
  restore = (): void => {
    this.minimized = false;
  };
  maximize = (): void => {};
  isMinimized = (): boolean => this.minimized;
  isMaximized = (): boolean => false;
  isDestroyed = (): boolean => this.gone;
  getNormalBounds = () => ({ x: 1, y: 2, width: 800, height: 600 });
  destroy(): void {
    this.gone = true;
    this.emit('closed');
  }
  /** A person's click on the cross. */
  close(): void {
    let prevented = false;
    this.emit('close', {
      preventDefault: () => {
        prevented = true;
      },
    });
    if (!prevented) this.destroy();
  }
}

function make(prepare: (frame: Frame) => void = () => {}) {
  const frames: Frame[] = [];
  const [warned, places, closed]: [string[], unknown[], number[]] = [[], [], []];
  const must = { stay: false };
  const window = new MainWindow({
    makeWindow: () => {
      const frame = new Frame();
      prepare(frame);
      frames.push(frame);
      return frame;
    },
    screen: { getAllDisplays: () => [] },
    place: { read: () => undefined, write: (place) => places.push(place) },
    preload: '/preload.cjs',
    icon: undefined,
    title: 'Culvert',
    isDark: () => false,
    mustStay: () => must.stay,
    onClosed: (id) => closed.push(id),
    warn: (text) => warned.push(text),
  });
  return { window, frames, warned, places, closed, must };
}

describe('the main window', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  it('is one: made when it is wanted, gone when it is closed, and made anew after that', () => {
    const { window, frames, places, closed } = make();
    window.open();
    frames[0].emit('ready-to-show');
    window.open();
    expect([frames.length, frames[0].shown]).toEqual([1, 2]);
    frames[0].close();
    expect([places.length, closed]).toEqual([1, [1]]);
    expect(window.isOurs(1)).toBe(false);
    window.open();
    expect(frames.length).toBe(2);
  });

  it('is put aside rather than closed where it is the only way in, and brought back', () => {
    const { window, frames, must } = make();
    must.stay = true;
    window.open();
    frames[0].close();
    expect([frames[0].gone, frames[0].minimized]).toEqual([false, true]);
    window.open();
    expect([frames.length, frames[0].minimized, frames[0].shown]).toEqual([1, false, 1]);
  });

  it('is shown even when its page could not be loaded: nobody could close what is hidden', async () => {
    const { window, frames, warned } = make((frame) => {
      frame.fails = true;
    });
    window.open();
    await vi.waitFor(() => expect(frames[0].shown).toBe(1));
    expect(warned).toEqual(['the page was not loaded: ERR_FILE_NOT_FOUND']);
  });

  it('loads a page that has died anew, but not without end, and again after a while', () => {
    const { window, frames, warned } = make();
    window.open();
    const [frame] = frames;
    const die = (): void => void frame.webContents.emit('render-process-gone');
    for (let time = 0; time < 5; time++) die();
    expect(frame.loads).toBe(1 + 3);
    expect(warned.at(-1)).toContain('too often');
    vi.advanceTimersByTime(61_000);
    die();
    expect(frame.loads).toBe(1 + 3 + 1);
    frame.destroy();
    die();
    expect(frame.loads).toBe(5);
  });
});
