import type { ConnectionEvent, ConnectionRow } from '../../src-shared/connections.ts';
import { MAX_CONNECTION_ROWS } from '../../src-shared/limits.ts';
import { paced, type Reader } from './pacing.ts';

export type ReadConnections = () => Promise<{ total: number; rows: ConnectionRow[] }>;

/** The table of connections, then what changes in it. Nothing is asked of the engine while nobody looks. */
export async function* watchConnections(
  read: ReadConnections,
  hz: number,
  reader: Reader,
): AsyncGenerator<ConnectionEvent> {
  let before: Map<string, ConnectionRow> | undefined;
  let total = 0;
  for await (const now of paced(hz, reader, read)) {
    const rows = now.rows.slice(0, MAX_CONNECTION_ROWS);
    const event = before === undefined ? undefined : difference(before, rows, now.total);
    if (event === undefined) yield { kind: 'snapshot', total: now.total, rows };
    else if (isNews(event) || event.total !== total) yield event;
    before = new Map(rows.map((row) => [row.id, row]));
    total = now.total;
  }
}

type Patch = Extract<ConnectionEvent, { kind: 'patch' }>;

function isNews({ upsert, ticks, remove }: Patch): boolean {
  return upsert.length + ticks.length + remove.length > 0;
}

/** Exported for its tests. */
export function difference(
  before: ReadonlyMap<string, ConnectionRow>,
  rows: readonly ConnectionRow[],
  total: number,
): Patch {
  const patch: Patch = { kind: 'patch', total, upsert: [], ticks: [], remove: [] };
  const seen = new Set<string>();
  for (const row of rows) {
    seen.add(row.id);
    const old = before.get(row.id);
    if (old === undefined || !sameButFigures(old, row)) patch.upsert.push(row);
    else if (figures(old) !== figures(row)) {
      patch.ticks.push([row.id, row.sent, row.received, row.up, row.down]);
    }
  }
  for (const id of before.keys()) if (!seen.has(id)) patch.remove.push(id);
  return patch;
}

function figures({ sent, received, up, down }: ConnectionRow): string {
  return `${sent} ${received} ${up} ${down}`;
}

function sameButFigures(a: ConnectionRow, b: ConnectionRow): boolean {
  return (
    a.state === b.state &&
    a.transport === b.transport &&
    a.resumes === b.resumes &&
    a.replayedBytes === b.replayedBytes &&
    a.target?.host === b.target?.host &&
    a.target?.port === b.target?.port &&
    a.ruleId === b.ruleId
  );
}
