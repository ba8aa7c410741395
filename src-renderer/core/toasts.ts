/** Short messages at the window's edge: what was done, with its undo, and what went wrong. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { Undo } from '../../src-shared/contract-base.ts';
import { type Failure, toFailure } from '../../src-shared/errors.ts';
import { hostNow } from '../store.ts';
import { type Client, host } from './host.ts';
import { currentTexts } from './language.tsx';

export interface Toast {
  readonly id: number;
  readonly tone: 'done' | 'problem';
  readonly title: string;
  readonly line?: string;
  readonly action?: { readonly label: string; readonly run: () => void };
  /** How long it stays, ms; its time stands still under the pointer and with the focus in it. */
  readonly stayMs: number;
}

/** More than these cover the screen: the oldest goes. */
const MOST = 4;
const STAY_MS = 5_000;
const STAY_WITH_ACTION_MS = 15_000;

const toasts = createStore<{ list: readonly Toast[] }>()(() => ({ list: [] }));
export const useToasts = (): readonly Toast[] => useStore(toasts, (state) => state.list);
let lastId = 0;

export function toast(given: Omit<Toast, 'id' | 'stayMs'> & { readonly stayMs?: number }): void {
  const stayMs = given.stayMs ?? (given.action === undefined ? STAY_MS : STAY_WITH_ACTION_MS);
  const added: Toast = { ...given, id: ++lastId, stayMs };
  toasts.setState(({ list }) => ({ list: [...list, added].slice(-MOST) }));
}

export function dismiss(id: number): void {
  toasts.setState(({ list }) => ({ list: list.filter((one) => one.id !== id) }));
}

/** Undoes the newest thing that can be undone, for the keyboard. Answers whether there was one. */
export function undoNewest(): boolean {
  const newest = toasts.getState().list.findLast((one) => one.action !== undefined);
  if (newest === undefined) return false;
  newest.action?.run();
  return true;
}

export function toastFailure(failure: Failure): void {
  const t = currentTexts();
  toast({
    tone: 'problem',
    title: t(`failures.${failure.code}.title`),
    line: t(`failures.${failure.code}.body`),
  });
}

/** A call whose failure is told in a toast. Answers its value, or undefined after a failure. */
export async function attempt<T>(call: (client: Client) => Promise<T>): Promise<T | undefined> {
  try {
    return await call(host());
  } catch (error) {
    toastFailure(toFailure(error));
    return undefined;
  }
}

/** The same for calls that answer nothing: whether it went well. */
export async function done(call: (client: Client) => Promise<unknown>): Promise<boolean> {
  return (await attempt(async (client) => ({ value: await call(client) }))) !== undefined;
}

/** Tells of something that was removed or replaced, with the button that puts it back. */
export function toastUndo(title: string, undo: Undo): void {
  const t = currentTexts();
  const id = lastId + 1;
  const run = () => {
    dismiss(id);
    void done((client) => client.undo.run({ token: undo.token }));
  };
  const left = Math.max(0, undo.until - hostNow());
  toast({
    tone: 'done',
    title,
    action: { label: t('buttons.undo'), run },
    stayMs: Math.min(left, STAY_WITH_ACTION_MS),
  });
}
