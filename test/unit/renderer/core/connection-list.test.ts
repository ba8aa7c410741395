import { expect, it } from 'vitest';
import { filterConnections, targetText } from '../../../../src-renderer/core/connection-list.ts';
import { textsOf } from '../../../../src-renderer/core/texts.ts';
import type { ConnectionRow } from '../../../../src-shared/connections.ts';

const t = textsOf('en');

function row(id: string, change: Partial<ConnectionRow> = {}): ConnectionRow {
  return {
    ...{ id, profileId: 'p', ruleId: 'r', protocol: 'tcp', state: 'open', transport: 'ws', openedAt: 1 },
    ...{ resumes: 0, replayedBytes: 0, sent: 0, received: 0, up: 0, down: 0 },
    target: { host: 'a.example', port: 80 },
    ...change,
  };
}

it.each<[Partial<ConnectionRow>, string]>([
  [{}, 'a.example:80'],
  [{ target: { host: '', port: 22 } }, 'the server itself:22'],
  [{ target: { host: '::1', port: 22 } }, '[::1]:22'],
  [{ target: null }, '…'],
  [{ protocol: 'udp', target: { host: '192.0.2.53', port: 53 } }, '192.0.2.53:53/udp'],
  [{ protocol: 'udp', target: null }, 'UDP to several targets'],
])('%j leads to %s', (change, text) => {
  expect(targetText(t, row('c', change))).toBe(text);
});

it('finds every word in target, rule, profile, transport; the newest first', () => {
  const names = new Map([
    ['p', 'office'],
    ['p r', 'wiki'],
    ['p s', 'dns'],
  ]);
  const rows = [
    row('old'),
    row('new', { openedAt: 2 }),
    row('dns', { ruleId: 's', protocol: 'udp', target: { host: '192.0.2.53', port: 53 }, transport: 'http' }),
  ];
  const found = (text: string) => filterConnections(t, rows, names, text).map(({ id }) => id);
  expect(found('')).toEqual(['new', 'dns', 'old']);
  expect(found('OFFICE wiki')).toEqual(['new', 'old']);
  expect(found('/udp')).toEqual(['dns']);
  expect(found('http 53')).toEqual(['dns']);
  expect(found('nothing')).toEqual([]);
});
