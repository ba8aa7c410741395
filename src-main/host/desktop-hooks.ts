/** What the desktop app does for its host, and a headless host cannot. Calls that ask for it end with ERR_UNSUPPORTED there. */
export interface DesktopHooks {
  checkUpdate(): Promise<void>;
  loadUpdate(): Promise<void>;
  installUpdate(): Promise<void>;
  openClockSettings(): Promise<void>;
}
