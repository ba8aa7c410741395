/** The global shortcut, which is off until one is chosen: it shows the window or connects, whatever program is in front. */
import type { ShortcutSlice } from './electron-api.ts';

export class Shortcut {
  private readonly shortcuts: ShortcutSlice;
  private readonly act: () => void;
  private readonly onTaken: (keys: string) => void;
  private keys = '';

  constructor(shortcuts: ShortcutSlice, act: () => void, onTaken: (keys: string) => void) {
    this.shortcuts = shortcuts;
    this.act = act;
    this.onTaken = onTaken;
  }

  /** Electron's accelerator, `CommandOrControl+Alt+C`; empty: none. */
  set(keys: string): void {
    if (keys === this.keys) return;
    this.shortcuts.unregisterAll();
    this.keys = keys;
    if (keys === '') return;
    let taken = false;
    try {
      taken = !this.shortcuts.register(keys, this.act);
    } catch {
      // No key combination at all.
      taken = true;
    }
    if (taken) this.onTaken(keys);
  }

  /** Without this some desktops keep it from others. */
  release(): void {
    this.set('');
  }
}
