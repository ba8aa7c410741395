/**
 * States as shapes, so that they are told apart without colour: an empty ring, an open ring, a disc with a tick, a
 * triangle, turning arrows, a square with two bars, an octagon with a cross.
 */
import type { ReactNode } from 'react';
import type { ConnectionKind, Listener } from '../../src-shared/status.ts';
import type { Texts } from '../core/texts.ts';

export type Mark = ConnectionKind | 'unknown';

const SHAPES: Readonly<Record<Mark, ReactNode>> = {
  stopped: <circle cx="8" cy="8" r="5.5" className="mark-line" />,
  connecting: (
    <>
      <circle cx="8" cy="8" r="5.5" className="mark-line mark-faint" />
      <path d="M8 2.5a5.5 5.5 0 0 1 5.5 5.5" className="mark-line mark-turn" />
    </>
  ),
  connected: (
    <>
      <circle cx="8" cy="8" r="6.5" className="mark-fill" />
      <path d="m5.2 8.2 2 2 3.7-4.1" className="mark-cut" />
    </>
  ),
  degraded: (
    <>
      <path d="M8 1.8 15 14H1Z" className="mark-fill mark-round" />
      <path d="M8 6.2v3.6M8 11.9v.1" className="mark-cut" />
    </>
  ),
  reconnecting: (
    <>
      <path d="M13.3 6.6A5.5 5.5 0 0 0 3.2 5.4M2.7 9.4a5.5 5.5 0 0 0 10.1 1.2" className="mark-line" />
      <path d="M3 2.3v3.3h3.3M13 13.7v-3.3H9.7" className="mark-line" />
    </>
  ),
  waitingForNetwork: (
    <>
      <rect x="2.5" y="2.5" width="11" height="11" rx="2.5" className="mark-line" />
      <path d="M6.4 5.8v4.4M9.6 5.8v4.4" className="mark-line" />
    </>
  ),
  failed: (
    <>
      <path d="M5.3 1.5h5.4l3.8 3.8v5.4l-3.8 3.8H5.3l-3.8-3.8V5.3Z" className="mark-fill mark-round" />
      <path d="m5.7 5.7 4.6 4.6M10.3 5.7l-4.6 4.6" className="mark-cut" />
    </>
  ),
  unknown: (
    <>
      <circle cx="8" cy="8" r="5.5" className="mark-line mark-dashed" />
      <path d="M6.4 6.5a1.7 1.7 0 1 1 2.3 1.8c-.5.2-.7.5-.7 1M8 11.4v.1" className="mark-line mark-thin" />
    </>
  ),
};

/** The shape alone; the word stands beside it, so it is hidden from screen readers. */
export function StateMark({ kind, size = 16 }: { readonly kind: Mark; readonly size?: number }) {
  return (
    <svg
      className={`mark mark-${kind}`}
      data-state={kind}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      aria-hidden="true"
    >
      {SHAPES[kind]}
    </svg>
  );
}

export function markWord(t: Texts, kind: Mark): string {
  return kind === 'unknown' ? t('page.noAnswer') : t(`states.${kind}.word`);
}

/** Shape and word. */
export function StateWord({ kind, t }: { readonly kind: Mark; readonly t: Texts }) {
  return (
    <span className={`state-word tone-${kind}`}>
      <StateMark kind={kind} size={14} />
      <span>{markWord(t, kind)}</span>
    </span>
  );
}

const LISTENER_MARK = {
  off: 'stopped',
  starting: 'connecting',
  listening: 'connected',
  failed: 'failed',
} as const;

export function ListenerWord({ kind, t }: { readonly kind: Listener['kind']; readonly t: Texts }) {
  return (
    <span className={`state-word tone-${LISTENER_MARK[kind]}`}>
      <StateMark kind={LISTENER_MARK[kind]} size={14} />
      <span>{t(`listeners.${kind}`)}</span>
    </span>
  );
}
