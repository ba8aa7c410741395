import fc from 'fast-check';
import { newDraft, type ProfileDraft, TRANSPORTS } from '../../../src-shared/profile.ts';
import type { RuleDraft } from '../../../src-shared/rules.ts';
import type { SecretChange } from '../../../src-shared/schema.ts';

/** Valid rules and drafts of every shape, for property tests. */
const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
const port = fc.integer({ min: 1, max: 65_535 });
const name = fc.stringMatching(/^[\w \u4e00-\u4eff]{0,20}$/);
const secretText = fc
  .string({ minLength: 1, maxLength: 40 })
  .map((text) => `s${text.replace(/[\r\n\0]/g, '')}`);
export const setSecret = secretText.map((text): SecretChange => ({ kind: 'set', text }));
const bind = fc.record({ host: fc.oneof(host, fc.constant('*'), fc.constant('127.0.0.1')), port });
const target = fc.record({ host: fc.oneof(host, fc.constant('')), port });
const common = { name, enabled: fc.boolean(), bind };

export const arbitraryRule: fc.Arbitrary<RuleDraft> = fc.oneof(
  fc.record({ ...common, kind: fc.constant('static' as const), target }),
  fc.record({ ...common, kind: fc.constant('udp' as const), target }),
  fc.record({
    ...common,
    kind: fc.constant('dynamic' as const),
    auth: fc.option(fc.record({ user: fc.stringMatching(/^\w{1,10}$/), password: setSecret }), { nil: null }),
  }),
);

/** Rules that do not collide with one another: each has a port of its own. */
const rules = fc
  .array(arbitraryRule, { maxLength: 6 })
  .map((list) => list.map((rule, index) => ({ ...rule, bind: { ...rule.bind, port: 1_000 + index } })));

export const arbitraryDraft: fc.Arbitrary<ProfileDraft> = fc
  .record({
    name,
    server: fc.record({
      scheme: fc.constantFrom('http' as const, 'https' as const),
      host,
      port,
      path: fc.constantFrom('/', '/assets', '/a/b%20c'),
    }),
    transport: fc.constantFrom(...TRANSPORTS),
    proxy: fc.option(
      fc.record({
        scheme: fc.constantFrom('http' as const, 'https' as const, 'socks5' as const),
        host,
        port,
        user: fc.stringMatching(/^[\w@:/ ]{0,8}$/),
      }),
      { nil: null },
    ),
    headers: fc.array(
      fc.record({ name: fc.stringMatching(/^X-[a-z]{1,8}$/), value: fc.stringMatching(/^[ -~]{0,20}$/) }),
      { maxLength: 3 },
    ),
    hostHeader: fc.constantFrom('', 'cdn.example'),
    sni: fc.oneof(fc.constant(''), fc.domain()),
    userAgent: fc.constantFrom('', 'curl/8'),
    limits: fc.record({
      writeBufferBytes: fc.constantFrom(4_096, 1 << 20),
      throttleBytesPerSecond: fc.constantFrom(0, 1_000),
      timeoutSeconds: fc.constantFrom(null, 0, 60),
    }),
    rules,
    secrets: fc.record({ key: setSecret, proxyPassword: setSecret }),
  })
  .map((given) => newDraft(given));
