/**
 * Changes of the state: what the host's hub makes and the page's store applies. Pure, and each the other's inverse:
 * `applyOps(a, diffStates(a, b))` is `b`.
 */
import * as z from 'zod';
import { MAX_PATCH_OPS } from './limits.ts';
import { profileViewSchema } from './profile.ts';
import { countSchema, idSchema } from './schema.ts';
import { type AppState, appStateSchema, noticeSchema, TABLES, type TableName } from './state.ts';
import { profileStatusSchema } from './status.ts';

const { host, network, settings, secrets, server, tryIt, update, order } = appStateSchema.shape;
const upsert = z.literal('upsert');
const set = z.literal('set');

/** One change. A row or value is replaced as a whole: rows are small, and a half-changed one is not a state. */
export const patchOpSchema = z.union([
  z.strictObject({ op: upsert, table: z.literal('profiles'), row: profileViewSchema }),
  z.strictObject({ op: upsert, table: z.literal('statuses'), row: profileStatusSchema }),
  z.strictObject({ op: upsert, table: z.literal('notices'), row: noticeSchema }),
  z.strictObject({ op: z.literal('remove'), table: z.enum(TABLES), id: idSchema }),
  z.strictObject({ op: set, key: z.literal('host'), value: host }),
  z.strictObject({ op: set, key: z.literal('network'), value: network }),
  z.strictObject({ op: set, key: z.literal('settings'), value: settings }),
  z.strictObject({ op: set, key: z.literal('secrets'), value: secrets }),
  z.strictObject({ op: set, key: z.literal('server'), value: server }),
  z.strictObject({ op: set, key: z.literal('tryIt'), value: tryIt }),
  z.strictObject({ op: set, key: z.literal('update'), value: update }),
  z.strictObject({ op: set, key: z.literal('order'), value: order }),
]);
export type PatchOp = z.infer<typeof patchOpSchema>;

/** The state's stream: one snapshot, then patches whose `rev` counts up by one. A further snapshot replaces all. */
export const stateEventSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('snapshot'), rev: countSchema, state: appStateSchema }),
  z.strictObject({
    kind: z.literal('patch'),
    rev: countSchema,
    ops: z.array(patchOpSchema).max(MAX_PATCH_OPS),
  }),
]);
export type StateEvent = z.infer<typeof stateEventSchema>;

const SCALARS = ['host', 'network', 'settings', 'secrets', 'server', 'tryIt', 'update', 'order'] as const;

/**
 * The state after the changes, in order; the given one is left as it is. Tables and rows that no change names keep
 * their identity, so that what is shown of them need not be drawn again. Removing what is not there changes nothing.
 */
export function applyOps(state: AppState, ops: readonly PatchOp[]): AppState {
  const next: AppState = { ...state };
  const copied = new Set<TableName>();
  for (const op of ops) {
    if (op.op === 'set') {
      Object.assign(next, { [op.key]: op.value });
      continue;
    }
    if (op.op === 'remove' && !Object.hasOwn(next[op.table], op.id)) continue;
    if (!copied.has(op.table)) {
      Object.assign(next, { [op.table]: { ...next[op.table] } });
      copied.add(op.table);
    }
    if (op.op === 'remove') delete next[op.table][op.id];
    else Object.assign(next[op.table], { [op.row.id]: op.row });
  }
  return ops.length === 0 ? state : next;
}

/** The page's state and its revision after a message; `lost` says that one was missed: subscribe again. */
export function applyPatch(
  current: { readonly rev: number; readonly state: AppState } | undefined,
  event: StateEvent,
): { readonly rev: number; readonly state: AppState } | 'lost' {
  if (event.kind === 'snapshot') return { rev: event.rev, state: event.state };
  if (current === undefined || event.rev !== current.rev + 1) return 'lost';
  return { rev: event.rev, state: applyOps(current.state, event.ops) };
}

/** What turns `before` into `after`. Compares by identity: a hub that replaces what changes gets a patch of that. */
export function diffStates(before: AppState, after: AppState): PatchOp[] {
  const ops: PatchOp[] = [];
  for (const key of SCALARS) {
    if (before[key] !== after[key]) ops.push({ op: 'set', key, value: after[key] } as PatchOp);
  }
  for (const table of TABLES) {
    if (before[table] === after[table]) continue;
    for (const id of Object.keys(before[table])) {
      if (!Object.hasOwn(after[table], id)) ops.push({ op: 'remove', table, id });
    }
    for (const [id, row] of Object.entries(after[table])) {
      const same = Object.hasOwn(before[table], id) && before[table][id] === row;
      if (!same) ops.push({ op: 'upsert', table, row } as PatchOp);
    }
  }
  return ops;
}
