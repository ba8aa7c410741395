export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  /** Electron is installed, its program too. */
  readonly electron: boolean;
  /** The desktop app is built. */
  readonly app: boolean;
}

/** Why the desktop app cannot start here, in a few words; undefined: it can. */
export function whyHeadless({ platform, env, electron, app }: Surroundings): string | undefined {
  if (!app) return 'it is not part of this version';
  if (!electron) return 'Electron is not installed';
  const hasDisplay = Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
  if (platform !== 'win32' && platform !== 'darwin' && !hasDisplay) return 'there is no display';
  return undefined;
}
