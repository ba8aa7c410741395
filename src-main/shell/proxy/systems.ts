import { gnomeProxy } from './gnome-proxy.ts';
import { kdeProxy } from './kde-proxy.ts';
import { macosProxy } from './macos-proxy.ts';
import type { ProxySystem } from './proxy-system.ts';
import { windowsProxy } from './windows-proxy.ts';

/** Those that may be there, the likeliest first. GSettings is read by many desktops that are not GNOME. */
export function proxySystems(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): readonly ProxySystem[] {
  if (platform === 'win32') return [windowsProxy];
  if (platform === 'darwin') return [macosProxy];
  const isKde = /(?:^|:)KDE(?:$|:)/i.test(env.XDG_CURRENT_DESKTOP ?? '');
  return isKde ? [kdeProxy, gnomeProxy] : [gnomeProxy, kdeProxy];
}
