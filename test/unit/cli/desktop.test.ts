import { expect, it } from 'vitest';
import { whyHeadless } from '../../../src-main/cli/desktop.ts';

const all = { platform: 'linux' as const, env: { DISPLAY: ':0' }, electron: true, app: true };

it('says why there is no desktop app, and nothing when there is one', () => {
  expect(whyHeadless(all)).toBeUndefined();
  expect(whyHeadless({ ...all, env: { WAYLAND_DISPLAY: 'wayland-0' } })).toBeUndefined();
  expect(whyHeadless({ ...all, env: {} })).toMatch(/display/);
  expect(whyHeadless({ ...all, env: {}, platform: 'darwin' })).toBeUndefined();
  expect(whyHeadless({ ...all, electron: false })).toMatch(/Electron/);
  expect(whyHeadless({ ...all, app: false })).toMatch(/version/);
});
