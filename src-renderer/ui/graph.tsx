import { type RefObject, useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import type uPlot from 'uplot';
import { formatRate } from '../../src-shared/format.ts';
import { RateHistory } from '../../src-shared/rate-history.ts';
import { GRAPH_WINDOWS, type GraphWindow } from '../../src-shared/settings.ts';
import { HISTORY, type Sample, type Scope } from '../../src-shared/stats.ts';
import { columnsOf, describe, tidy } from '../core/graph-data.ts';
import { host } from '../core/host.ts';
import { useTexts } from '../core/language.tsx';
import { live } from '../core/live.ts';
import { useVisible } from '../core/streams.ts';
import { hostNow, useApp, useLink } from '../store.ts';
import { createPlot, readLook } from './graph-plot.ts';
import { Segments } from './toggle.tsx';

const HEIGHT = 168;
/** The sentence for those who do not see the graph changes this seldom, or a screen reader would not stop. */
const WORDS_EVERY_MS = 5_000;

interface Props {
  readonly scope: Scope;
  readonly window: GraphWindow;
  readonly onWindow: (window: GraphWindow) => void;
}

function ratesOf(sample: Sample, scope: Scope): { up: number; down: number } | undefined {
  switch (scope.kind) {
    case 'total':
      return sample.total;
    case 'server':
      return sample.server ?? undefined;
    case 'profile':
      return sample.profiles.find((one) => one.id === scope.id);
  }
}

/**
 * The live graph. It is drawn when a figure comes, and figures come only while the page is seen: hidden, it does
 * nothing. The points come from the host, so that the window is full at once.
 */
export function Graph({ scope, window, onWindow }: Props) {
  const t = useTexts();
  const captionId = useId();
  const [words, setWords] = useState('');
  const readout = useRef<HTMLParagraphElement>(null);
  const box = useGraph(scope, window, setWords, readout);
  return (
    <figure className="graph" aria-labelledby={captionId}>
      <div className="graph-head">
        <p className="graph-legend">
          <span className="key key-down">{t('common.down')}</span>
          <span className="key key-up">{t('common.up')}</span>
          <span className="key key-gap">{t('graph.gap')}</span>
        </p>
        <p className="graph-readout" ref={readout} aria-hidden="true" />
        <Segments
          label={t('settings.graphWindow')}
          value={window}
          options={GRAPH_WINDOWS.map((value) => ({ value, label: t(`graph.windows.${value}`) }))}
          onChoice={onWindow}
        />
      </div>
      <div className="graph-plot" ref={box} aria-hidden="true" />
      <figcaption id={captionId} className="visually-hidden">
        {words === '' ? t('graph.noData') : words}
      </figcaption>
    </figure>
  );
}

function useGraph(
  scope: Scope,
  window: GraphWindow,
  setWords: (words: string) => void,
  readout: RefObject<HTMLParagraphElement | null>,
) {
  const t = useTexts();
  const box = useRef<HTMLDivElement>(null);
  const theme = useApp((app) => app.settings.theme);
  const colors = `${theme} ${useDark()}`;
  const up = useLink() === 'up';
  const visible = useVisible();
  const scopeKey = JSON.stringify(scope);
  useLayoutEffect(() => {
    const target = box.current;
    // The colours are read anew when what they follow from has changed.
    const look = target && colors !== '' ? readLook(target) : null;
    if (target === null || look === null || !up || !visible) return;
    const wanted: Scope = JSON.parse(scopeKey);
    const { stepMs, points } = HISTORY[window];
    const history = new RateHistory(window);
    const shown = () => tidy(history.read(hostNow()));
    const plot: uPlot = createPlot({
      target,
      width: target.clientWidth,
      height: HEIGHT,
      seconds: (stepMs * points) / 1_000,
      look,
      ago: (seconds) => (seconds === 0 ? '0' : `−${t.duration(seconds * 1_000)}`),
      onPoint: (index) => {
        if (readout.current !== null) readout.current.textContent = pointWords(plot, index, t.clock);
      },
    });
    let spokenAt = 0;
    let drawnAt = 0;
    const draw = () => {
      const now = Date.now();
      // A step of a longer graph is under way for seconds: once a second is often enough.
      if (now - drawnAt < Math.min(stepMs, 1_000) * 0.9) return;
      drawnAt = now;
      const read = shown();
      plot.setData(columnsOf(read));
      if (now - spokenAt < WORDS_EVERY_MS) return;
      spokenAt = now;
      setWords(describe(t, window, read));
    };
    const take = (sample: Sample | undefined) => {
      const rates = sample && ratesOf(sample, wanted);
      if (sample === undefined || rates === undefined) return;
      history.push(sample.at, rates.up, rates.down);
      draw();
    };
    let wantedStill = true;
    const early: Sample[] = [];
    let loaded = false;
    host()
      .stats.history({ scope: wanted, window })
      .then((given) => {
        if (!wantedStill) return;
        history.load(given);
        loaded = true;
        for (const sample of early) take(sample);
        draw();
      })
      .catch(() => {
        // Without a past the graph begins now.
        loaded = true;
      });
    const stop = live.subscribe(({ sample }, before) => {
      if (sample === before.sample) return;
      if (loaded) take(sample);
      else if (sample !== undefined) early.push(sample);
    });
    const resized = new ResizeObserver(() => plot.setSize({ width: target.clientWidth, height: HEIGHT }));
    resized.observe(target);
    return () => {
      wantedStill = false;
      stop();
      resized.disconnect();
      plot.destroy();
    };
  }, [scopeKey, window, colors, up, visible, t, setWords, readout]);
  return box;
}

function pointWords(plot: uPlot, index: number | null, clock: (at: number) => string): string {
  if (index === null) return '';
  const [x, down, up] = plot.data;
  const rate = (value: number | null | undefined) => (typeof value === 'number' ? formatRate(value) : '–');
  return `${clock(x[index] * 1_000)}  ↓ ${rate(down[index])}  ↑ ${rate(up[index])}`;
}

const DARK = '(prefers-color-scheme: dark)';
/** Whether the system is dark: with the theme *As the system* the graph's colours follow it. */
export function useDark(): boolean {
  const [dark, setDark] = useState(() => matchMedia(DARK).matches);
  useEffect(() => {
    const query = matchMedia(DARK);
    const changed = () => setDark(query.matches);
    query.addEventListener('change', changed);
    return () => query.removeEventListener('change', changed);
  }, []);
  return dark;
}
