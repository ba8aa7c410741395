import { formatHostPort, type ListenAddress } from '../engine/index.ts';
import { looksLikeServer, parseDynamic, parseLocal } from './addresses.ts';
import type { RawItem } from './argument-table.ts';
import type { Chosen } from './chosen.ts';
import type { Forward } from './options.ts';
import { missingValue } from './tokenize.ts';
import { itemError, type Outcome } from './usage-error.ts';
import { type Credentials, parseCredentials } from './values.ts';

/** What `-L` and `-D` say, and the items that name the server (or, without forwards, the place to listen at). */
export interface ForwardsRead {
  readonly forwards: readonly Forward[];
  readonly addresses: readonly RawItem[];
}

/** Most listeners of one client. */
const MAX_FORWARDS = 1024;

export function readForwards(chosen: Chosen, notes: string[]): Outcome<ForwardsRead> {
  const auth = chosen.last('proxyAuth', 'ERR_BAD_OPTION', parseCredentials);
  const bare = readBareDynamic(chosen, auth, notes);
  if (bare) return { ok: true, value: bare };

  const forwards: Forward[] = [];
  const taken = new Set<string>();
  for (const item of [...chosen.of('local'), ...chosen.of('dynamic')]) {
    if (item.option && item.text === undefined)
      return { ok: false, error: missingValue(item.option, item.label) };
    const forward = readForward(chosen, item, auth);
    if (forward === undefined) break;
    const bind = `${showBind(forward.bind)}${forward.kind === 'udp' ? '/udp' : ''}`;
    if (forward.bind.port !== 0 && taken.has(bind)) {
      return {
        ok: false,
        error: itemError(item, 'ERR_BAD_OPTION', `another forward listens at ${bind} already`),
      };
    }
    if (forwards.length === MAX_FORWARDS) {
      return {
        ok: false,
        error: itemError(item, 'ERR_BAD_OPTION', `at most ${MAX_FORWARDS} forwards are possible`),
      };
    }
    taken.add(bind);
    forwards.push(forward);
  }
  if (chosen.error) return { ok: false, error: chosen.error };
  if (auth && forwards.length > 0 && !forwards.some((forward) => forward.kind === 'dynamic')) {
    notes.push('--proxy-auth does nothing without a dynamic port (-D)');
  }
  return { ok: true, value: { forwards, addresses: chosen.of('address') } };
}

function readForward(chosen: Chosen, item: RawItem, auth: Credentials | undefined): Forward | undefined {
  if (item.slot === 'dynamic') {
    const bind = chosen.check(item, 'ERR_BAD_ADDRESS', parseDynamic);
    return bind && { kind: 'dynamic', bind, auth };
  }
  const local = chosen.check(item, 'ERR_BAD_ADDRESS', parseLocal);
  return local;
}

/**
 * goflyway's manual has `-L :1080 -D 127.0.0.1:8100`, where `-D` is a bare switch that makes the `-L` dynamic and
 * what follows it is the server. It is read so only where nothing else makes sense: one `-L` without a target,
 * one `-D`, and either nothing behind the `-D` or no other server than what stands there.
 */
function readBareDynamic(
  chosen: Chosen,
  auth: Credentials | undefined,
  notes: string[],
): ForwardsRead | undefined {
  const locals = chosen.of('local');
  const dynamics = chosen.of('dynamic');
  const addresses = chosen.of('address');
  const [local] = locals;
  const [dynamic] = dynamics;
  if (locals.length !== 1 || dynamics.length !== 1 || dynamic.from !== 'command line') return undefined;
  const bind = parseDynamic(local.text ?? '');
  if (!bind.ok) return undefined;
  const forwards: Forward[] = [{ kind: 'dynamic', bind: bind.value, auth }];
  if (dynamic.text === undefined) {
    notes.push(`${dynamic.label} without a port: ${local.label} ${local.text} is read as a dynamic port`);
    return { forwards, addresses };
  }
  if (addresses.length > 0 || !looksLikeServer(dynamic.text)) return undefined;
  notes.push(
    `${local.label} ${local.text} ${dynamic.label} ${dynamic.text} is read as goflyway does: a dynamic port at ` +
      `${showBind(bind.value)}, through the server ${dynamic.text}`,
  );
  return { forwards, addresses: [{ ...dynamic, slot: 'address' }] };
}

function showBind(bind: ListenAddress): string {
  return formatHostPort(bind.host ?? '*', bind.port);
}
