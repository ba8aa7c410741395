import { describe, expect, it } from 'vitest';
import {
  boundPort,
  firstLocalAddress,
  headline,
  listProfiles,
  localAddress,
  neighbours,
  searchProfiles,
} from '../../../../src-renderer/core/select.ts';
import { newDraft, type ProfileView } from '../../../../src-shared/profile.ts';
import type { Rule } from '../../../../src-shared/rules.ts';
import { type AppState, emptyState } from '../../../../src-shared/state.ts';
import type { Connection, ProfileStatus } from '../../../../src-shared/status.ts';
import { hostInfo } from '../../shared/samples.ts';

const rule: Rule = {
  id: 'r',
  kind: 'static',
  name: 'database',
  enabled: true,
  bind: { host: '*', port: 0 },
  target: { host: '', port: 5432 },
};
const profile = (id: string, change: Partial<ProfileView> = {}): ProfileView => ({
  ...newDraft({ name: id, server: { scheme: 'https', host: `${id}.example`, port: 443, path: '/' } }),
  ...{ id, createdAt: 0, updatedAt: 0, revision: 1, origin: 'user', rules: [rule] },
  secrets: { key: { kind: 'none' }, proxyPassword: false, ruleAuth: [] },
  ...change,
});
const status = (id: string, connection: Connection, on = true): ProfileStatus => ({
  ...{ id, on, connection, lastFailure: null },
  listeners: { r: { kind: 'listening', host: '0.0.0.0', port: 4_242 } },
});
const failed: Connection = { kind: 'failed', since: 0, failure: { code: 'ERR_NO_KEY', message: '' } };
const connected: Connection = { kind: 'connected', transport: 'ws', rttMs: 1, since: 0, resumes: 0 };

function app(statuses: readonly ProfileStatus[]): AppState {
  const state = emptyState(hostInfo);
  const ids = ['a', 'b', 'c'];
  return {
    ...state,
    order: ids,
    profiles: Object.fromEntries(ids.map((id) => [id, profile(id)])),
    statuses: Object.fromEntries(statuses.map((one) => [one.id, one])),
  };
}

describe('readings of the state', () => {
  it('list profiles in their order, and only those that are there', () => {
    expect(listProfiles({ ...app([]), order: ['c', 'gone', 'a'] }).map(({ id }) => id)).toEqual(['c', 'a']);
  });

  it('give the most urgent state, and whose it is', () => {
    const read = headline(app([status('a', connected), status('b', failed)]));
    expect([read.connection.kind, read.profile?.id]).toEqual(['failed', 'b']);
  });

  it('give the same object while nothing is on', () => {
    const state = app([status('a', connected, false)]);
    expect(headline(state).connection).toBe(headline(state).connection);
    expect(headline(state)).toEqual({ connection: { kind: 'stopped' }, profile: undefined });
  });

  it.each([
    ['', 3],
    ['B.EX', 1],
    ['example 443', 3],
    ['database c.ex', 1],
    ['nothing', 0],
  ])('find profiles by %j', (text, count) => {
    expect(searchProfiles(listProfiles(app([])), text)).toHaveLength(count);
  });

  it('give the neighbours of a profile', () => {
    const state = app([]);
    expect(neighbours(state, 'a')).toEqual({ above: undefined, below: true, afterNext: 'c' });
    expect(neighbours(state, 'b')).toEqual({ above: 'a', below: true, afterNext: null });
    expect(neighbours(state, 'c')).toEqual({ above: 'b', below: false, afterNext: null });
  });

  it('give the local address, with the port that was bound', () => {
    const running = status('a', connected);
    expect(boundPort(running, 'r')).toBe(4_242);
    expect(firstLocalAddress(profile('a'), running)).toBe('127.0.0.1:4242');
    expect(localAddress({ ...rule, bind: { host: '::1', port: 80 } }, undefined)).toBe('[::1]:80');
    expect(firstLocalAddress(profile('a', { rules: [] }), running)).toBeUndefined();
  });
});
