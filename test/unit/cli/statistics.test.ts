import { expect, test } from 'vitest';
import { clientLines, RateBook, serverLines } from '../../../src-main/cli/statistics.ts';
import {
  type ClientStatus,
  type ConnectionStatus,
  CulvertError,
  type DialerState,
} from '../../../src-main/engine/index.ts';

const NONE = { sent: 0, received: 0, dropped: 0, sentBytes: 0, receivedBytes: 0 };
const rule = {
  label: '127.0.0.1:1080 → a:80',
  listening: undefined,
  active: 2,
  total: 5,
  failed: 1,
  datagrams: NONE,
};

const inUse = {
  transport: 'ws',
  carrier: 'WebSocket to server:80',
  why: 'as asked for',
  resumed: false,
} as const;

function status(sent: number, received: number, extra: Partial<ClientStatus> = {}): ClientStatus {
  return {
    state: { kind: 'connected', since: 1000, ...inUse },
    carrier: { since: 1000, rttMs: 12.34, learnt: {}, ...inUse },
    paths: [],
    session: { sentBytes: 0, receivedBytes: 0, resentBytes: 2048, resumes: 3, rttMs: 12.34, minRttMs: 10 },
    streams: 2,
    rules: [{ ...rule, sent, received }],
    ...extra,
  };
}

const lost = new CulvertError('ERR_CARRIER_LOST', 'it broke');

const connection = (id: number, sent: number): ConnectionStatus => ({
  key: id,
  openedAt: 0,
  id,
  target: { host: '', port: 80 },
  sent,
  received: 0,
});

test('a client: state, rules and connections, with rates since the last turn', () => {
  const book = new RateBook();
  clientLines(status(0, 1024), [[connection(1, 0), connection(3, 0)]], book, 5, 6000);
  const lines = clientLines(
    status(10_240, 1024),
    [[connection(1, 5 * 1024), connection(3, 10_240)]],
    book,
    5,
    11_000,
  );
  expect(lines).toEqual([
    'connected for 10 s: WebSocket to server:80 (as asked for); 2 connections open; round trip 12.3 ms; resumed 3 times, 2 KiB sent again',
    '127.0.0.1:1080 → a:80: 2 open, 5 in all, 1 failed; 10 KiB up (2 KiB/s), 1 KiB down (0 B/s)',
    '  #3 the server:80: 10 KiB up (2 KiB/s), 0 B down (0 B/s)',
    '  #1 the server:80: 5 KiB up (1 KiB/s), 0 B down (0 B/s)',
  ]);
});

test('a client without a server says why and when it tries again', () => {
  const error = new CulvertError('ERR_SERVER_REFUSED', 'nothing listens there', { remedy: 'start it' });
  const waiting = status(0, 0, {
    state: { kind: 'failed', since: 0, until: 8000, attempt: 2, error },
    carrier: undefined,
    session: undefined,
    streams: 0,
  });
  expect(clientLines(waiting, [], new RateBook(), 5, 6000)[0]).toBe(
    'not connected (nothing listens there; start it), next try in 2 s; 0 connections open',
  );
});

test.each([
  [{ kind: 'stopped' }, 'stopped'],
  [{ kind: 'connecting', since: 5000 }, 'connecting for 1 s'],
  [
    { kind: 'degraded', since: 4000, how: 'stalls', ...inUse },
    'degraded for 2 s: WebSocket to server:80: nothing comes back',
  ],
  [
    { kind: 'degraded', since: 4000, how: 'slow', ...inUse },
    'degraded for 2 s: WebSocket to server:80: slow',
  ],
  [
    { kind: 'reconnecting', since: 5000, attempt: 1, until: undefined, error: lost },
    'reconnecting for 1 s (it broke), trying',
  ],
  [
    { kind: 'reconnecting', since: 5000, attempt: 1, until: 9000, error: lost },
    'reconnecting for 1 s (it broke), next try in 3 s',
  ],
  [
    { kind: 'waitingForNetwork', since: 5000, attempt: 1, until: 9000, error: lost },
    'waiting for a network (it broke), next try in 3 s',
  ],
] satisfies [DialerState, string][])('the state %j', (state, text) => {
  expect(clientLines(status(0, 0, { state }), [], new RateBook(), 5, 6000)[0]).toContain(`${text};`);
});

test('what is known of the path and of other transports', () => {
  const path = { rank: 1, rttMs: undefined, error: undefined, retryAt: undefined };
  const lines = clientLines(
    status(0, 0, {
      carrier: { since: 1, rttMs: 1, learnt: { holdMs: 8000, cutAtMs: undefined }, ...inUse },
      paths: [
        { ...path, transport: 'ws', name: 'WebSocket', state: 'fails', error: lost, retryAt: 9000 },
        { ...path, transport: 'http', name: 'HTTP', state: 'inUse' },
        { ...path, transport: 'kcp', name: 'KCP', state: 'works', rttMs: 20 },
      ],
    }),
    [],
    new RateBook(),
    5,
    6000,
  );
  expect(lines[0]).toMatch(/; learnt: holdMs 8000$/);
  expect(lines.slice(1, 3)).toEqual([
    'WebSocket does not work here: it broke; again in 3 s',
    'KCP works, 20 ms',
  ]);
});

test('at most 16 connections of a rule are listed, the busiest', () => {
  const open = Array.from({ length: 20 }, (_, index) => connection(index, index * 100));
  const lines = clientLines(status(0, 0), [open], new RateBook(), 5, 2000);
  expect(lines[2]).toMatch(/^ {2}#19 /);
  expect(lines).toHaveLength(2 + 16 + 1);
  expect(lines.at(-1)).toBe('  and 4 more');
});

test('a rate is never negative, and a name that was not seen for a turn begins anew', () => {
  const book = new RateBook();
  book.line('x', { sent: 1000, received: 0 }, 1);
  book.turn();
  expect(book.line('x', { sent: 0, received: 0 }, 1)).toBe('0 B up (0 B/s), 0 B down (0 B/s)');
  book.turn();
  book.turn();
  expect(book.line('x', { sent: 500, received: 0 }, 1)).toBe('500 B up (500 B/s), 0 B down (0 B/s)');
});

test('a server: a line per session, up and down as its client sees them', () => {
  const session = {
    id: '00',
    since: 0,
    user: 'me',
    from: 'WebSocket from 10.0.0.1:5',
    transport: 'ws' as const,
    streams: 1,
    opened: 4,
    rttMs: undefined,
  };
  const lines = serverLines(
    [
      {
        ...session,
        sent: 2048,
        received: 100,
        resumes: 1,
        resentBytes: 0,
        associations: 0,
        datagrams: NONE,
      },
    ],
    new RateBook(),
    1,
  );
  expect(lines).toEqual([
    '1 session',
    'WebSocket from 10.0.0.1:5 (user me): 1 open, 4 in all; 100 B up (100 B/s), 2 KiB down (2 KiB/s); ' +
      'resumed once, 0 B sent again',
  ]);
});

test("a server: a session's rate is its own when one before it ended and when its client moved", () => {
  const session = {
    ...{ since: 0, user: 'me', transport: 'ws' as const, streams: 1, opened: 4, rttMs: undefined },
    ...{ resumes: 0, resentBytes: 0, associations: 0, datagrams: NONE, sent: 0 },
  };
  const book = new RateBook();
  const [first, second] = ['01', '02'].map((id) => ({ ...session, id, from: id, received: 5 << 20 }));
  serverLines([first, second], book, 1);
  const [, line] = serverLines([{ ...second, from: 'elsewhere' }], book, 1);
  expect(line).toBe('elsewhere (user me): 1 open, 4 in all; 5 MiB up (0 B/s), 0 B down (0 B/s)');
});

test('UDP: datagrams of a rule, of its associations and of a session', () => {
  const datagrams = { sent: 1, received: 3, dropped: 2, sentBytes: 0, receivedBytes: 0 };
  const udp = status(0, 0, { rules: [{ ...rule, sent: 0, received: 0, datagrams }] });
  const open = [
    { ...connection(1, 0), datagrams: NONE },
    { key: 3, id: 3, openedAt: 0, target: { host: '', port: 0 }, sent: 0, received: 0, datagrams },
  ];
  const nothing = '0 B up (0 B/s), 0 B down (0 B/s)';
  expect(clientLines(udp, [open], new RateBook(), 5, 6000).slice(1)).toEqual([
    `127.0.0.1:1080 → a:80: 2 open, 5 in all, 1 failed; ${nothing}; 1 datagram up, 3 down, 2 dropped`,
    `  #1 the server:80/udp: ${nothing}; 0 datagrams up, 0 down, 0 dropped`,
    `  #3 UDP association: ${nothing}; 1 datagram up, 3 down, 2 dropped`,
  ]);
  const about = { id: '00', since: 0, user: 'me', from: undefined, transport: undefined };
  const session = { ...about, streams: 1, opened: 4, rttMs: undefined, resumes: 0 };
  const [, line] = serverLines(
    [{ ...session, sent: 0, received: 0, resentBytes: 0, associations: 1, datagrams }],
    new RateBook(),
    1,
  );
  expect(line).toBe(
    `away (user me): 1 open, 4 in all; ${nothing}; 1 UDP association, 3 datagrams up, 1 down, 2 dropped`,
  );
});
