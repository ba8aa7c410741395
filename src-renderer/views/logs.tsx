import { ArrowDownToLine, Download, ScrollText, Search, Trash2 } from 'lucide-react';
import { startTransition, useDeferredValue, useEffect, useMemo, useState } from 'react';
import { formatCount } from '../../src-shared/format.ts';
import { MAX_LOG_LINES } from '../../src-shared/limits.ts';
import type { LogEvent, LogFilter, LogLine } from '../../src-shared/logs.ts';
import { LOG_LEVELS, type LogLevel } from '../../src-shared/settings.ts';
import { saveFile } from '../core/files.ts';
import { host } from '../core/host.ts';
import { useTexts } from '../core/language.tsx';
import { LogList } from '../core/log-list.ts';
import { useStream } from '../core/streams.ts';
import { attempt, done } from '../core/toasts.ts';
import { useApp } from '../store.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { FilterBox } from '../ui/filter-box.tsx';
import { LogLines } from '../ui/log-lines.tsx';
import { Empty, Screen } from '../ui/screen.tsx';

export function Logs() {
  const t = useTexts();
  const kept = useApp((app) => app.settings.logLevel);
  const [level, setLevel] = useState<LogLevel>(kept);
  const [text, setText] = useState('');
  const [follow, setFollow] = useState(true);
  const deferred = useDeferredValue(text);
  const filter = useMemo<LogFilter>(() => ({ level, profileId: null, text: deferred }), [level, deferred]);
  const { lines, total } = useLines(filter);
  const changeLevel = (next: LogLevel) => {
    setLevel(next);
    // What the host does not write cannot be shown: it writes as much as one wants to see.
    if (LOG_LEVELS.indexOf(next) > LOG_LEVELS.indexOf(kept))
      void done((client) => client.settings.change({ change: { logLevel: next } }));
  };
  return (
    <Screen
      title={t('logs.title')}
      filled
      beside={
        <span role="status">
          {deferred === ''
            ? t('logs.count', { count: lines.length })
            : t('connections.shown', { shown: formatCount(lines.length), total: formatCount(total) })}
        </span>
      }
      tools={
        <>
          <select
            className="input select picker"
            aria-label={t('logs.level')}
            value={level}
            onChange={(event) => {
              const next = LOG_LEVELS.find((one) => one === event.target.value);
              if (next) changeLevel(next);
            }}
          >
            {LOG_LEVELS.map((one) => (
              <option key={one} value={one}>
                {t(`logs.levels.${one}`)}
              </option>
            ))}
          </select>
          <FilterBox label={t('logs.filter')} value={text} onText={setText} />
          <Button icon={ArrowDownToLine} aria-pressed={follow} onClick={() => setFollow(!follow)}>
            {t('logs.follow')}
          </Button>
          <Button
            icon={Download}
            title={t('logs.exportHint')}
            disabled={lines.length === 0}
            onClick={() => void exportLog(filter)}
          >
            {t('logs.export')}
          </Button>
          <IconButton
            label={t('logs.clear')}
            icon={Trash2}
            disabled={total === 0}
            onClick={() => void done((client) => client.logs.clear())}
          />
        </>
      }
    >
      {lines.length === 0 && deferred !== '' && (
        <Empty icon={Search} line={t('common.noMatch', { text: deferred })}>
          <Button onClick={() => setText('')}>{t('common.clearFilter')}</Button>
        </Empty>
      )}
      {lines.length === 0 && deferred === '' && <Empty icon={ScrollText} line={t('logs.empty')} />}
      {lines.length > 0 && <LogLines lines={lines} follow={follow} onFollow={setFollow} />}
    </Screen>
  );
}

/** The lines that pass the filter. Drawing new ones may wait for what one types. */
function useLines(filter: LogFilter): { lines: readonly LogLine[]; total: number } {
  const [, redraw] = useState(0);
  const [list] = useState(
    () => new LogList(filter, () => startTransition(() => redraw((count) => count + 1))),
  );
  useStream<LogEvent>(
    'log',
    (client, signal) => client.logs.watch({ level: 'trace', tail: MAX_LOG_LINES }, { signal }),
    (event) => list.take(event),
  );
  useEffect(() => list.setFilter(filter), [list, filter]);
  return { lines: list.shown, total: list.total };
}

async function exportLog(filter: LogFilter): Promise<void> {
  const parts = await attempt(async () => {
    const read: string[] = [];
    for await (const { text } of await host().logs.export({ filter })) read.push(text);
    return read;
  });
  if (parts === undefined) return;
  const day = new Date().toISOString().slice(0, 10);
  saveFile(`culvert-${day}.log`, parts);
}
