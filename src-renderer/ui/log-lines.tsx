import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, memo, useEffect, useRef } from 'react';
import type { LogLine } from '../../src-shared/logs.ts';
import type { LogLevel } from '../../src-shared/settings.ts';
import { useTexts } from '../core/language.tsx';
import type { Texts } from '../core/texts.ts';
import { Button } from './button.tsx';

const ROW = 22;
/** So near to the end counts as being at it, px. */
const NEAR = 4;

/** The level as one letter of fixed width: told apart without colour. */
const LETTER: Readonly<Record<LogLevel, string>> = {
  error: 'E',
  warn: 'W',
  info: 'I',
  debug: 'D',
  trace: 'T',
};

interface Props {
  readonly lines: readonly LogLine[];
  readonly follow: boolean;
  readonly onFollow: (follow: boolean) => void;
}

/** A hundred thousand lines, of which those that are seen exist. Scrolling up stops following. */
export function LogLines({ lines, follow, onFollow }: Props) {
  const t = useTexts();
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 20,
  });
  useEffect(() => {
    if (follow && box.current !== null) box.current.scrollTop = lines.length * ROW;
  }, [follow, lines]);
  const items = virtual.getVirtualItems();
  const before = items.at(0)?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const stop = (event: KeyboardEvent) => {
    if (['ArrowUp', 'PageUp', 'Home'].includes(event.key)) onFollow(false);
  };
  // Focusable, so that arrow keys scroll it.
  const reachable = { tabIndex: 0 };
  return (
    <div className="log-frame">
      <section
        className="log-scroll"
        ref={box}
        aria-label={t('page.lines')}
        {...reachable}
        onKeyDown={stop}
        onWheel={(event) => {
          if (event.deltaY < 0) onFollow(false);
          else if (box.current !== null && atEnd(box.current)) onFollow(true);
        }}
      >
        <ol className="log">
          {before > 0 && <li aria-hidden="true" style={{ height: before }} />}
          {items.map(({ index }) => (
            <Line key={lines[index].seq} line={lines[index]} clock={t.clock} />
          ))}
          {after > 0 && <li aria-hidden="true" style={{ height: after }} />}
        </ol>
      </section>
      {!follow && (
        <div className="log-end">
          <Button onClick={() => onFollow(true)}>{t('logs.toEnd')}</Button>
        </div>
      )}
    </div>
  );
}

function atEnd(box: HTMLElement): boolean {
  return box.scrollTop + box.clientHeight >= box.scrollHeight - NEAR;
}

const Line = memo(function Line(props: { readonly line: LogLine; readonly clock: Texts['clock'] }) {
  const { line, clock } = props;
  return (
    <li className={`log-line log-${line.level}`} title={line.text}>
      <time className="log-time">{clock(line.at)}</time>
      <span className="log-level">
        <span aria-hidden="true">{LETTER[line.level]}</span>
        <span className="visually-hidden">{line.level}</span>
      </span>
      <span className="log-scope">{line.scope}</span>
      <span className="log-text">
        {line.code !== null && <span className="log-code">{line.code} </span>}
        {line.text}
      </span>
    </li>
  );
});
