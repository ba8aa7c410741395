/**
 * One face of a running app for the scenarios, with two drivers behind it: the double (everywhere) and real Electron
 * (where there is a program: see electron-driver.ts).
 */
import type { Page } from 'playwright-core';
import type { TrayAction, TrayModel } from '../../src-main/shell/tray-model.ts';
import type { AppState } from '../../src-shared/state.ts';

export interface LaunchOptions {
  readonly argv?: readonly string[];
  /** Another start in the same directory goes on from there. */
  readonly directory?: string;
}

export interface RunningApp {
  readonly directory: string;
  state(): Promise<AppState>;
  /** Resolves once the state is as wanted. */
  until(wanted: (state: AppState) => boolean): Promise<AppState>;
  /** What the tray shows, and a click in it. */
  tray(): Promise<TrayModel>;
  click(action: TrayAction): Promise<void>;
  /** The window's page, once it is drawn. */
  page(): Promise<Page>;
  windowCount(): Promise<number>;
  closeWindow(): Promise<void>;
  /** Another start while this one runs. */
  startAgain(argv: readonly string[]): Promise<void>;
  /** Profiles from command lines; gives their ids. */
  add(text: string): Promise<readonly string[]>;
  changeSettings(change: Partial<AppState['settings']>): Promise<void>;
  wake(): Promise<void>;
  crashEngine(): Promise<void>;
  /** Asks to quit, and resolves with the exit code when it has ended. */
  quit(): Promise<number>;
  /** Ends what is left, without a word. */
  destroy(): Promise<void>;
}

export interface Driver {
  readonly name: 'double' | 'electron';
  launch(options?: LaunchOptions): Promise<RunningApp>;
  /** Ends everything that it launched. */
  close(): Promise<void>;
}
