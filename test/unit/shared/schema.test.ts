import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { idSchema, keyTextSchema, nameSchema, secretChangeSchema } from '../../../src-shared/schema.ts';
import { sourcesBelow } from '../../support/sources.ts';

describe('ids, names and keys', () => {
  it.each([
    [idSchema, 'a-1', true],
    [idSchema, 'constructor', true],
    [idSchema, '__proto__', false],
    [idSchema, '-a', false],
    [idSchema, '', false],
    [idSchema, 'a'.repeat(65), false],
    [nameSchema, '家里的服务器', true],
    [nameSchema, 'a\u202eb', false],
    [nameSchema, 'a\u2028b', false],
    [keyTextSchema, 'correct horse', true],
    [keyTextSchema, ' ', false],
    [keyTextSchema, 'a\nb', false],
    [secretChangeSchema, { kind: 'keep' }, true],
    [secretChangeSchema, { kind: 'keep', text: 'x' }, false],
    [secretChangeSchema, { kind: 'set' }, false],
  ])('%#: %j', (schema, value, ok) => {
    expect(schema.safeParse(value).success).toBe(ok);
  });
});

describe('zod in a page', () => {
  it('is told not to make functions from text, before any schema is made', async () => {
    expect(z.config().jitless).toBeFalsy();
    vi.stubGlobal('document', {});
    vi.resetModules();
    await import('../../../src-shared/schema.ts');
    vi.unstubAllGlobals();
    expect(z.config().jitless).toBe(true);
    // Whichever schema file a page begins with, this one runs before it.
    const late = [...sourcesBelow('src-shared')]
      .filter(([path, text]) => /from 'zod'/.test(text) && !path.endsWith('/schema.ts'))
      .filter(([, text]) => !/^(?!import type).*(?:from |import )'\.\/schema\.ts';$/m.test(text));
    expect(late.map(([path]) => path)).toEqual([]);
  });
});
