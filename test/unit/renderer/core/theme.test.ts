import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../../support/sources.ts';

const css = readFileSync(join(root, 'src-renderer/ui/theme.css'), 'utf8');

/** The variables of the first block after a text. */
function block(after: string): Record<string, string> {
  const from = css.indexOf('{', css.indexOf(after));
  const body = css.slice(from + 1, css.indexOf('}', from));
  return Object.fromEntries(
    [...body.matchAll(/(--[\w-]+):\s*([^;]+);/g)].map(([, name, value]) => [name, value]),
  );
}

/** WCAG 2.2, relative luminance of `#rrggbb`. */
function luminance(color: string): number {
  const parts = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255);
  const [r, g, b] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

const light = block(':root {');
const dark = block(':root[data-theme="dark"]');

describe('the colours', () => {
  it('are the same dark ones, whether the system or the setting asks for them', () => {
    expect(Object.keys(dark).length).toBeGreaterThan(20);
    expect(block(':root:not([data-theme="light"])')).toEqual(dark);
  });

  it.each([
    ['light', light],
    ['dark', dark],
  ])('can be read, %s', (_, colors) => {
    const surfaces = ['--page', '--side', '--surface', '--surface-2', '--hover'];
    const poor = ['--text', '--text-2', '--text-3', '--bad'].flatMap((text) =>
      surfaces
        .map((surface) => ({ text, surface, ratio: contrast(colors[text], colors[surface]) }))
        .filter(({ ratio }) => ratio < 4.5),
    );
    const pairs = [
      ['--accent-text', '--accent'],
      ['--accent-text', '--accent-hover'],
      ['--warn', '--warn-soft'],
      ['--bad', '--bad-soft'],
    ].filter(([text, surface]) => contrast(colors[text], colors[surface]) < 4.5);
    expect({ poor, pairs }).toEqual({ poor: [], pairs: [] });
  });
});
