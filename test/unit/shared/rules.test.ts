import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLocal } from '../../../src-main/cli/addresses.ts';
import {
  collide,
  defaultRule,
  draftOfRule,
  isExposed,
  parseDynamicRule,
  parseLocalRule,
  printRule,
  type Rule,
  type RuleDraft,
  ruleDraftSchema,
  ruleSchema,
} from '../../../src-shared/rules.ts';
import { arbitraryRule } from './arbitraries.ts';

describe('a rule', () => {
  it.each(['static', 'udp', 'dynamic'] as const)('of kind %s has a default that is valid', (kind) => {
    expect(ruleDraftSchema.safeParse(defaultRule(kind)).success).toBe(true);
  });

  it('keeps its password in the draft of an editor', () => {
    const bind = { host: '*', port: 1080 };
    const rule: Rule = { kind: 'dynamic', id: 'r', name: '', enabled: true, bind, auth: { user: 'u' } };
    expect(ruleSchema.parse(rule)).toEqual(rule);
    expect(draftOfRule(rule)).toMatchObject({ id: 'r', auth: { user: 'u', password: { kind: 'keep' } } });
    expect(ruleDraftSchema.safeParse(draftOfRule(rule)).success).toBe(true);
    expect(isExposed(rule)).toBe(true);
  });

  it.each([
    [{ id: '__proto__' }],
    [{ bind: { host: 'a b', port: 1 } }],
    [{ bind: { host: '*', port: 65_536 } }],
    [{ name: 'a\nb' }],
    [{ more: 1 }],
  ])('refuses %j', (change) => {
    expect(ruleDraftSchema.safeParse({ ...defaultRule('static'), ...change }).success).toBe(false);
  });
});

describe('collide', () => {
  const at = (host: string, port: number, kind: 'static' | 'udp' = 'static'): RuleDraft => ({
    ...defaultRule(kind),
    bind: { host, port },
  });
  it.each([
    [at('127.0.0.1', 80), at('127.0.0.1', 80), true],
    [at('*', 80), at('127.0.0.1', 80), true],
    [at('127.0.0.1', 80), at('127.0.0.2', 80), false],
    [at('127.0.0.1', 80), at('127.0.0.1', 80, 'udp'), false],
    [at('127.0.0.1', 0), at('127.0.0.1', 0), false],
  ])('%j and %j: %s', (a, b, expected) => {
    expect(collide(a, b)).toBe(expected);
    expect(collide(b, a)).toBe(expected);
  });
});

describe('the text of a rule', () => {
  it.each([
    ['1080::1080', '127.0.0.1', 1080, '', 1080],
    ['1080', '127.0.0.1', 1080, '', 1080],
    ['*:1080:a.example:80', '*', 1080, 'a.example', 80],
    [':1080:a.example:80', '127.0.0.1', 1080, 'a.example', 80],
    ['[::1]:0:[2001:db8::1]:443', '::1', 0, '2001:db8::1', 443],
  ])('%s', (text, bindHost, bindPort, host, port) => {
    const rule = parseLocalRule(text);
    expect(rule).toMatchObject({
      ok: true,
      value: { kind: 'static', bind: { host: bindHost, port: bindPort }, target: { host, port } },
    });
    expect(parseLocalRule(`${text}/udp`)).toMatchObject({ ok: true, value: { kind: 'udp' } });
  });

  it.each([
    ['a:b:c:d:e', 'tooManyParts'],
    ['x:a:80', 'badPort'],
    ['80:a:', 'portMissing'],
    ['80:a b:80', 'badHost'],
    ['0', 'anyPortNeedsTarget'],
    ['a b:80:c:80', 'badBind'],
    ['', 'portMissing'],
  ])('%s: %s', (text, reason) => {
    expect(parseLocalRule(text)).toEqual({ ok: false, reason, part: text });
  });

  it('is read back as the same rule', () => {
    fc.assert(
      fc.property(arbitraryRule, (rule) => {
        const parsed =
          rule.kind === 'dynamic' ? parseDynamicRule(printRule(rule)) : parseLocalRule(printRule(rule));
        const { kind, bind } = rule;
        const target = rule.kind === 'dynamic' ? {} : { target: rule.target };
        expect(parsed).toMatchObject({ ok: true, value: { kind, bind, ...target } });
      }),
      { seed: 1, numRuns: 1000 },
    );
  });

  it('means the same on the command line', () => {
    fc.assert(
      fc.property(arbitraryRule, (rule) => {
        if (rule.kind === 'dynamic') return;
        const { host, port } = rule.bind;
        expect(parseLocal(printRule(rule))).toEqual({
          ok: true,
          value: {
            kind: rule.kind,
            bind: { host: host === '*' ? undefined : host, port },
            target: rule.target,
          },
        });
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
