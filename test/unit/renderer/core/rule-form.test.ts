import { describe, expect, it } from 'vitest';
import { bindOf, checkRuleForm, portWords, ruleFormOf } from '../../../../src-renderer/core/rule-form.ts';
import { textsOf } from '../../../../src-renderer/core/texts.ts';
import { defaultRule, type Rule } from '../../../../src-shared/rules.ts';

const form = (change = {}) => ({ ...ruleFormOf(defaultRule('static')), ...change });
const other: Rule = {
  id: 'other',
  kind: 'dynamic',
  name: '',
  enabled: true,
  bind: { host: '*', port: 8080 },
  auth: null,
};

describe('the form of a rule', () => {
  it('gives a draft', () => {
    expect(checkRuleForm(form({ targetHost: 'db', targetPort: '5432' }), 'r1', [], false)).toEqual({
      ok: true,
      draft: {
        id: 'r1',
        kind: 'static',
        name: '',
        enabled: true,
        bind: { host: '127.0.0.1', port: 8080 },
        target: { host: 'db', port: 5432 },
      },
    });
  });

  it.each([
    [{ bindPort: 'x' }, { bindPort: 'badPort' }],
    [{ bindHost: 'a b' }, { bindHost: 'badHost' }],
    [{ targetPort: '0' }, { targetPort: 'badPort' }],
    [
      { kind: 'dynamic', auth: true },
      { user: 'required', password: 'required' },
    ],
  ])('says what is wrong with %j', (change, errors) => {
    expect(checkRuleForm(form(change), undefined, [], false)).toEqual({ ok: false, errors });
  });

  it('sees a rule of the same profile in the way, unless it is off', () => {
    expect(checkRuleForm(form(), undefined, [other], false)).toEqual({
      ok: false,
      errors: { bindPort: 'collides' },
    });
    expect(checkRuleForm(form(), undefined, [{ ...other, enabled: false }], false).ok).toBe(true);
    expect(checkRuleForm(form({ enabled: false }), undefined, [other], false).ok).toBe(true);
  });

  it('keeps a password that is stored', () => {
    const checked = checkRuleForm(form({ kind: 'dynamic', auth: true, user: 'me' }), 'r1', [], true);
    expect(checked.ok && checked.draft.kind === 'dynamic' && checked.draft.auth).toEqual({
      user: 'me',
      password: { kind: 'keep' },
    });
  });

  it('has a bind as soon as it is one', () => {
    expect(bindOf(form({ bindPort: '0' }))).toEqual({ host: '127.0.0.1', port: 0 });
    expect(bindOf(form({ bindPort: '' }))).toBeUndefined();
  });

  it('says who holds a port', () => {
    const t = textsOf('en');
    const words = (holder: object) =>
      portWords(t, { kind: 'taken', holder, suggestion: null } as never, 80, () => 'Home / web');
    expect(words({ kind: 'process', pid: 12, name: 'nginx' })).toBe('Port 80 is taken by nginx (pid 12).');
    expect(words({ kind: 'rule', profileId: 'p', ruleId: 'r' })).toContain('Home / web');
    expect(words({ kind: 'server' })).toContain('embedded server');
    expect(words({ kind: 'unknown' })).toBe('Port 80 is taken.');
  });
});
