/** The theme: the setting, and until the host has told it, the one that was shown here last, so that nothing flashes. */
import type { Settings } from '../../src-shared/settings.ts';

const REMEMBERED = 'culvert.theme';

export function showTheme(theme: Settings['theme']): void {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem(REMEMBERED, theme);
}

export function showLastTheme(): void {
  const theme = localStorage.getItem(REMEMBERED);
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
}
