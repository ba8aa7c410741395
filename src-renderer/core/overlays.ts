/** What lies over the screen: one dialog at a time, and the palette. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { Failure } from '../../src-shared/errors.ts';
import type { RuleKind } from '../../src-shared/rules.ts';

export type Overlay =
  | { readonly kind: 'palette' }
  | { readonly kind: 'import'; readonly text: string }
  | { readonly kind: 'share'; readonly profileId: string }
  | {
      readonly kind: 'rule';
      readonly profileId: string;
      readonly ruleId: string | null;
      readonly as: RuleKind;
    }
  | { readonly kind: 'clock'; readonly failure: Failure; readonly profileId: string }
  | { readonly kind: 'backup' }
  | { readonly kind: 'restore' }
  | { readonly kind: 'secrets' }
  | { readonly kind: 'ask'; readonly ask: Question };

export interface Question {
  readonly title: string;
  readonly line: string;
  readonly yes: string;
  readonly danger: boolean;
  readonly answer: (yes: boolean) => void;
}

const overlays = createStore<{ shown: Overlay | null }>()(() => ({ shown: null }));
export const useOverlay = (): Overlay | null => useStore(overlays, (state) => state.shown);

export function show(overlay: Overlay): void {
  put(overlay);
}

export function hide(): void {
  put(null);
}

/** A question that gives way unanswered was answered with no, or who asked would wait for ever. */
function put(next: Overlay | null): void {
  const { shown } = overlays.getState();
  overlays.setState({ shown: next });
  if (shown?.kind === 'ask') shown.ask.answer(false);
}

export function isShown(): boolean {
  return overlays.getState().shown !== null;
}

/** Asks before something that cannot be taken back. */
export function ask(question: Omit<Question, 'answer'>): Promise<boolean> {
  return new Promise((resolve) => {
    show({ kind: 'ask', ask: { ...question, answer: resolve } });
  });
}
