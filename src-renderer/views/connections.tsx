import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowLeftRight, Search, X } from 'lucide-react';
import { memo, startTransition, useDeferredValue, useMemo, useRef, useState } from 'react';
import {
  applyConnections,
  type ConnectionEvent,
  type ConnectionRow,
  type ConnectionTable,
  NO_CONNECTIONS,
} from '../../src-shared/connections.ts';
import { formatBytes, formatCount, formatRate } from '../../src-shared/format.ts';
import { connectionNames, filterConnections, targetText } from '../core/connection-list.ts';
import { currentTexts, useTexts } from '../core/language.tsx';
import { ask } from '../core/overlays.ts';
import { go } from '../core/route.ts';
import { onProfiles } from '../core/select.ts';
import { useStream, useTick } from '../core/streams.ts';
import { attempt, toast } from '../core/toasts.ts';
import { hostNow, useApp, useLink } from '../store.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { FilterBox } from '../ui/filter-box.tsx';
import { Empty, Screen } from '../ui/screen.tsx';
import { StateMark } from '../ui/state-mark.tsx';

const HZ = 1;
const ROW = 32;

export function Connections() {
  const t = useTexts();
  const [filter, setFilter] = useState('');
  const text = useDeferredValue(filter);
  const table = useTable();
  const profiles = useApp((app) => app.profiles);
  const statuses = useApp((app) => app.statuses);
  const names = useMemo(() => connectionNames({ profiles, statuses }), [profiles, statuses]);
  const rows = useMemo(() => filterConnections(t, table.rows.values(), names, text), [t, table, names, text]);
  const someOn = useApp((app) => onProfiles(app).length > 0);
  const shown = formatCount(rows.length);
  return (
    <Screen
      title={t('connections.title')}
      filled
      beside={
        table.total > 0 && (
          <span role="status">{t('connections.shown', { shown, total: formatCount(table.total) })}</span>
        )
      }
      tools={
        table.total > 0 && (
          <>
            <FilterBox label={t('connections.filter')} value={filter} onText={setFilter} />
            <Button
              look="danger"
              icon={X}
              disabled={rows.length === 0}
              onClick={() => void closeAll(rows, text !== '', table.total)}
            >
              {t('buttons.closeAll')}
            </Button>
          </>
        )
      }
    >
      {table.total === 0 && (
        <Empty icon={ArrowLeftRight} line={t(someOn ? 'connections.empty' : 'connections.emptyOff')}>
          <Button onClick={() => void go(someOn ? 'rules' : 'profiles')}>
            {t(someOn ? 'screens.rules' : 'screens.profiles')}
          </Button>
        </Empty>
      )}
      {table.total > 0 && rows.length === 0 && (
        <Empty icon={Search} line={t('common.noMatch', { text })}>
          <Button onClick={() => setFilter('')}>{t('common.clearFilter')}</Button>
        </Empty>
      )}
      {rows.length > 0 && <Rows rows={rows} names={names} />}
    </Screen>
  );
}

/** The table as it changes. Drawing it may wait for what one types. */
function useTable(): ConnectionTable {
  const [table, setTable] = useState(NO_CONNECTIONS);
  useStream<ConnectionEvent>(
    'all',
    (client, signal) => client.connections.watch({ profileId: null, hz: HZ }, { signal }),
    (event) => startTransition(() => setTable((before) => applyConnections(before, event))),
  );
  return table;
}

/** Closes what the filter shows; without a filter all, also those beyond the table's cap. */
async function closeAll(rows: readonly ConnectionRow[], filtered: boolean, total: number): Promise<void> {
  const t = currentTexts();
  const count = filtered ? rows.length : total;
  const title = t('connections.closeAllAsk', { count });
  if (!(await ask({ title, line: title, yes: t('buttons.closeAll'), danger: true }))) return;
  const answer = await attempt((client) =>
    filtered
      ? client.connections.close({ ids: rows.map(({ id }) => id) })
      : client.connections.closeAll({ profileId: null }),
  );
  if (answer !== undefined) toast({ tone: 'done', title: t('connections.closed', { count: answer.closed }) });
}

interface RowsProps {
  readonly rows: readonly ConnectionRow[];
  readonly names: ReadonlyMap<string, string>;
}

/** A table of which only what is seen exists: the rest is two rows of the height that is missing. */
function Rows({ rows, names }: RowsProps) {
  const t = useTexts();
  const box = useRef<HTMLDivElement>(null);
  useTick(1_000);
  const now = hostNow();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 8,
  });
  const items = virtual.getVirtualItems();
  const before = items.at(0)?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <div className="table-scroll" ref={box}>
      <table className="table connections-table" aria-rowcount={rows.length + 1}>
        <caption className="visually-hidden">{t('connections.title')}</caption>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col" className="cell-target">
              {t('connections.target')}
            </th>
            <th scope="col" className="cell-rule wide-only">
              {t('connections.rule')}
            </th>
            <th scope="col" className="cell-way wide-only">
              {t('connections.transport')}
            </th>
            <th scope="col" className="cell-number cell-rates">
              {t('connections.rates')}
            </th>
            <th scope="col" className="cell-number cell-bytes widest-only">
              {t('common.total')}
            </th>
            <th scope="col" className="cell-number cell-age">
              {t('connections.age')}
            </th>
            <th scope="col" className="cell-menu">
              <span className="visually-hidden">{t('common.actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {before > 0 && (
            <tr>
              <td className="spacer" style={{ height: before }} />
            </tr>
          )}
          {items.map(({ index }) => (
            <Row key={rows[index].id} row={rows[index]} index={index} names={names} now={now} />
          ))}
          {after > 0 && (
            <tr>
              <td className="spacer" style={{ height: after }} />
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

const STATE_MARK = { opening: 'connecting', open: 'connected', held: 'reconnecting' } as const;

const Row = memo(function Row(props: {
  row: ConnectionRow;
  index: number;
  names: RowsProps['names'];
  now: number;
}) {
  const t = useTexts();
  const { row, index, names, now } = props;
  // What nobody vouches for any more is not shown as open.
  const up = useLink() === 'up';
  const mark = up ? STATE_MARK[row.state] : 'unknown';
  const word = up ? t(`connections.${row.state}`) : t('page.noAnswer');
  const target = targetText(t, row);
  const rule = names.get(`${row.profileId} ${row.ruleId}`) ?? '';
  const resumed =
    row.resumes > 0
      ? `${t('connections.resumed')} ${row.resumes} ×, ${t('connections.replayed', { bytes: formatBytes(row.replayedBytes) })}`
      : undefined;
  return (
    <tr aria-rowindex={index + 2} className="row-fixed">
      <td className="cell-target">
        <span className={`cell-line tone-${mark}`} title={word}>
          <StateMark kind={mark} size={13} />
          <span className="visually-hidden">{word}</span>
          <span className="cell-clip">{target}</span>
          {resumed && (
            <span className="badge" title={resumed}>
              {t('connections.resumed')} {row.resumes}
            </span>
          )}
        </span>
      </td>
      <td className="cell-rule wide-only">
        <span className="cell-clip">
          {names.get(row.profileId)} / {rule}
        </span>
      </td>
      <td className="cell-way wide-only">
        {row.transport === null ? '–' : t(`transports.${row.transport}`)}
      </td>
      <td className="cell-number cell-rates">
        {!up || row.up + row.down === 0 ? (
          <span className="figure-second">–</span>
        ) : (
          <>
            ↓ {formatRate(row.down)} <span className="figure-second">↑ {formatRate(row.up)}</span>
          </>
        )}
      </td>
      <td className="cell-number cell-bytes widest-only">{formatBytes(row.sent + row.received)}</td>
      <td className="cell-number cell-age">
        {t.duration(Math.max(0, Math.floor((now - row.openedAt) / 1_000) * 1_000))}
      </td>
      <td className="cell-menu">
        <IconButton
          label={t('connections.closeOne', { target })}
          icon={X}
          onClick={() => void attempt((client) => client.connections.close({ ids: [row.id] }))}
        />
      </td>
    </tr>
  );
});
