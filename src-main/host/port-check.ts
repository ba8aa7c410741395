import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { isEveryHost } from '../../src-shared/address.ts';
import type { PortCheck } from '../../src-shared/contract-profiles.ts';
import type { Profile } from '../../src-shared/profile.ts';
import { type Bind, type Rule, ruleProtocol } from '../../src-shared/rules.ts';
import type { AppState } from '../../src-shared/state.ts';
import { findPortOwner, type PortProtocol, systemCode } from '../engine/index.ts';

/** Ports above the one asked for that are tried for a suggestion. */
const NEARBY = 50;
const FIRST_FREE_PORT = 1_024;

interface Question {
  readonly protocol: PortProtocol;
  readonly bind: Bind;
  /** A rule that is not in the way. */
  readonly except: string | null;
}

/** Whether one could listen there, and who holds the port if not. */
export async function checkPort(
  question: Question,
  profiles: readonly Profile[],
  state: AppState,
): Promise<PortCheck> {
  const { protocol, bind, except } = question;
  const others = profiles.flatMap((profile) =>
    profile.rules
      .filter((rule) => rule.id !== except && rule.enabled && ruleProtocol(rule) === protocol)
      .map((rule) => ({ profileId: profile.id, rule })),
  );
  if (bind.port === 0) return { kind: 'free' };
  const suggest = (): Promise<number | null> => freePortNear(question, others);
  const other = others.find(({ rule }) => overlap(rule.bind, bind));
  if (other !== undefined) {
    const holder = { kind: 'rule', profileId: other.profileId, ruleId: other.rule.id } as const;
    return { kind: 'taken', holder, suggestion: await suggest() };
  }
  const { server } = state;
  if (protocol === 'tcp' && server.config.enabled && overlap(server.config.bind, bind)) {
    return { kind: 'taken', holder: { kind: 'server' }, suggestion: await suggest() };
  }
  const outcome = await probe(protocol, bind);
  switch (outcome) {
    case 'free':
      return { kind: 'free' };
    case 'badAddress':
      return { kind: 'badAddress' };
    case 'forbidden':
      return { kind: 'forbidden', suggestion: await suggest() };
    case 'taken': {
      // The one that holds it may be the rule that is edited: then it is not in the way.
      if (except !== null && heldBy(except, bind, state)) return { kind: 'free' };
      const [owner, suggestion] = await Promise.all([findPortOwner(bind.port, protocol), suggest()]);
      const holder =
        owner === undefined ? ({ kind: 'unknown' } as const) : { kind: 'process' as const, ...owner };
      return { kind: 'taken', holder, suggestion };
    }
  }
}

type Outcome = 'free' | 'taken' | 'forbidden' | 'badAddress';

async function freePortNear(
  { protocol, bind }: Question,
  others: ReadonlyArray<{ readonly rule: Rule }>,
): Promise<number | null> {
  const start = Math.max(FIRST_FREE_PORT, bind.port + 1);
  for (let port = start; port < start + NEARBY && port <= 65_535; port++) {
    const place = { host: bind.host, port };
    if (others.some(({ rule }) => overlap(rule.bind, place))) continue;
    const outcome = await probe(protocol, place);
    if (outcome === 'free') return port;
    if (outcome === 'badAddress') return null;
  }
  return null;
}

function overlap(a: Bind, b: Bind): boolean {
  return a.port === b.port && (a.host === b.host || isEveryHost(a.host) || isEveryHost(b.host));
}

function heldBy(ruleId: string, { port }: Bind, state: AppState): boolean {
  return Object.values(state.statuses).some(({ listeners }) => {
    const listener = Object.hasOwn(listeners, ruleId) ? listeners[ruleId] : undefined;
    return listener?.kind === 'listening' && listener.port === port;
  });
}

/** Listens for a moment: there is no other way to know. */
function probe(protocol: PortProtocol, bind: Bind): Promise<Outcome> {
  const host = bind.host === '*' ? undefined : bind.host;
  return new Promise((resolve) => {
    const failed = (error: Error): void => {
      switch (systemCode(error)) {
        case 'EADDRINUSE':
          return resolve('taken');
        case 'EACCES':
          return resolve('forbidden');
        default:
          return resolve('badAddress');
      }
    };
    if (protocol === 'tcp') {
      const server = createServer();
      server.once('error', failed);
      server.listen({ host, port: bind.port, exclusive: true }, () => server.close(() => resolve('free')));
      return;
    }
    const socket = createSocket(host?.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', (error) => {
      socket.close();
      failed(error);
    });
    socket.bind({ address: host, port: bind.port, exclusive: true }, () =>
      socket.close(() => resolve('free')),
    );
  });
}
