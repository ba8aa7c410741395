/** The newest figures. The graph takes each of them without React; texts follow twice a second, so that one can read them. */
import { useEffect } from 'react';
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { ProfileSample, RuleSample, Sample } from '../../src-shared/stats.ts';
import { useLink } from '../store.ts';
import { useStream } from './streams.ts';

const TEXT_EVERY_MS = 500;

interface Live {
  /** Every one. */
  readonly sample: Sample | undefined;
  /** For texts. */
  readonly shown: Sample | undefined;
}
export const live = createStore<Live>()(() => ({ sample: undefined, shown: undefined }));

/** Reads the figures while a screen is there: `hz` a second, with those of one profile's rules. */
export function useLiveFigures(hz: number, rulesOf: string | null = null): void {
  const up = useLink() === 'up';
  useStream(
    `${hz} ${rulesOf}`,
    (client, signal) => client.stats.live({ hz, rulesOf }, { signal }),
    (sample) => {
      const { shown } = live.getState();
      const due = shown === undefined || Math.abs(sample.at - shown.at) >= TEXT_EVERY_MS;
      live.setState(due ? { sample, shown: sample } : { sample });
    },
  );
  // Figures of a host that is gone, or of the screen before, are not figures.
  useEffect(() => {
    if (!up) live.setState({ sample: undefined, shown: undefined });
    return () => live.setState({ sample: undefined, shown: undefined });
  }, [up]);
}

export const useTotals = () => useStore(live, ({ shown }) => shown?.total);

export function useProfileFigures(id: string): ProfileSample | undefined {
  return useStore(live, ({ shown }) => shown?.profiles.find((one) => one.id === id));
}

export function useRuleFigures(id: string): RuleSample | undefined {
  return useStore(live, ({ shown }) => shown?.rules.find((one) => one.id === id));
}
