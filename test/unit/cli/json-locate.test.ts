import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineAndColumn, locateJson } from '../../../src-main/cli/json-locate.ts';

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('it agrees with JSON.parse on good texts, and finds their properties', () => {
  fc.assert(
    fc.property(fc.json({ depthSize: 'small' }), fc.constantFrom(0, 2), (text, indent) => {
      const value: unknown = JSON.parse(text);
      const shown = JSON.stringify(value, null, indent);
      const map = locateJson(shown);
      expect(map.ok).toBe(true);
      if (!map.ok || typeof value !== 'object' || value === null || Array.isArray(value)) return;
      expect([...map.properties.keys()].sort()).toEqual(Object.keys(value).sort());
      for (const [name, offset] of map.properties) {
        expect(shown.startsWith(JSON.stringify(name), offset)).toBe(true);
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('it agrees with JSON.parse on broken texts', () => {
  const piece = fc.constantFrom(
    ...[
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '\\',
      '\\u00',
      '1',
      '-',
      '01',
      '1.',
      '1e',
      '.5',
      'true',
      'nul',
    ],
    ...["'a'", ' ', '\n', '\t', '\u0001', '//', '\ufeff', '{"a":1}', '[1,2]', '"\\n\\u0041"', '\u00a0'],
  );
  const seen = { good: 0, bad: 0 };
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('');
      const map = locateJson(text);
      expect({ text, ok: map.ok }).toEqual({ text, ok: parses(text) });
      if (map.ok) {
        seen.good++;
        return;
      }
      seen.bad++;
      expect(map.offset).toBeGreaterThanOrEqual(0);
      expect(map.offset).toBeLessThanOrEqual(text.length);
      expect(map.reason).not.toBe('');
    }),
    { seed: 2, numRuns: 4000 },
  );
  expect(seen.good).toBeGreaterThan(100);
  expect(seen.bad).toBeGreaterThan(1000);
});

test.each([
  ['{"a": 1,}', 8, 'before "}"'],
  ['[1,]', 3, 'before "]"'],
  ['{"a" 1}', 5, '":"'],
  ['{"a": 1 "b": 2}', 8, '","'],
  ['{a: 1}', 1, 'property name'],
  ["{'a': 1}", 1, 'double quotes'],
  ['{"a": yes}', 6, 'double quotes'],
  ['{"a": "x\n"}', 6, 'closing quote'],
  ['{"a": "\t"}', 7, 'control character'],
  ['{"a": "\\x"}', 7, 'twice'],
  ['{"a": 1} x', 9, 'nothing may follow'],
  ['{"a": // no\n1}', 6, 'comments'],
  ['{"a": ', 6, 'too early'],
  [`${'['.repeat(80)}`, 65, 'nested'],
])('%j', (text, offset, part) => {
  expect(locateJson(text)).toMatchObject({ ok: false, offset, reason: expect.stringContaining(part) });
});

test('large and hostile texts take linear time', () => {
  const size = 1 << 20;
  const texts = [
    '"'.padEnd(size, 'x'),
    '\\"'.repeat(size / 2),
    `"${'\\n'.repeat(size / 2)}`,
    ' '.repeat(size),
  ];
  const start = performance.now();
  for (const text of texts) expect(locateJson(`{"a": ${text}`).ok).toBe(false);
  expect(performance.now() - start).toBeLessThan(5_000);
});

test('lines end in every fashion', () => {
  expect(lineAndColumn('ab', 0)).toEqual({ line: 1, column: 1 });
  expect(lineAndColumn('a\nbc', 3)).toEqual({ line: 2, column: 2 });
  expect(lineAndColumn('a\r\nb\rc', 5)).toEqual({ line: 3, column: 1 });
});
