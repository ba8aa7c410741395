import fc from 'fast-check';

/** What no field of the contract may have, and what often breaks code. */
const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    true,
    '',
    ' ',
    '__proto__',
    'constructor',
    '\u0000',
    '\u202e',
    '../x',
  ),
  fc.constantFrom<unknown>(-1, 0.5, 1e21, 2 ** 53, 65_536, Number.MAX_VALUE),
  fc.constant('x'.repeat(5_000)),
  fc.constant([]),
  fc.constant({}),
  fc.jsonValue({ maxDepth: 2 }),
  fc.string(),
);

interface Change {
  readonly at: number;
  readonly how: 'replace' | 'remove' | 'add' | 'wrap';
  readonly value: unknown;
}

/** Payloads like a valid one with something wrong in it, and some that are nothing like it. */
export function payloads(valid: unknown): fc.Arbitrary<unknown> {
  const change = fc.record({
    at: fc.nat(1_000),
    how: fc.constantFrom('replace' as const, 'remove' as const, 'add' as const, 'wrap' as const),
    value: junk,
  });
  const mutated = fc
    .array(change, { minLength: 1, maxLength: 3 })
    .map((changes) => changes.reduce<unknown>((given, one) => mutate(given, one), structuredClone(valid)));
  return fc.oneof({ weight: 4, arbitrary: mutated }, { weight: 1, arbitrary: junk });
}

/** One change at one of the value's places, counted through all of them. */
function mutate(value: unknown, { at, how, value: other }: Change): unknown {
  const places: Array<readonly [holder: Record<string, unknown>, key: string]> = [];
  const holder: Record<string, unknown> = { root: value };
  const visit = (node: Record<string, unknown>): void => {
    for (const key of Object.keys(node)) {
      places.push([node, key]);
      const child = node[key];
      if (typeof child === 'object' && child !== null) visit(child as Record<string, unknown>);
    }
  };
  visit(holder);
  const [node, key] = places[at % places.length];
  switch (how) {
    case 'replace':
      node[key] = other;
      break;
    case 'remove':
      delete node[key];
      break;
    case 'wrap':
      node[key] = [node[key]];
      break;
    case 'add':
      node[`extra${at}`] = other;
      break;
  }
  return holder.root;
}
