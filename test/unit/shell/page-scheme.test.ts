import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pageFile } from '../../../src-main/shell/page-scheme.ts';

const folder = resolve('/app/renderer');

describe('the file behind an address', () => {
  it.each([
    ['app://culvert/', 'index.html'],
    ['app://culvert/index.html?x#y', 'index.html'],
    ['app://culvert/assets/a%20b.js', 'assets/a b.js'],
    // The address itself says so, and stays within.
    ['app://culvert/assets/../index.html', 'index.html'],
  ])('%s is %s', (address, path) => {
    expect(pageFile(folder, address)).toBe(resolve(folder, path));
  });

  it.each([
    ['another host', 'app://evil/index.html'],
    ['another scheme', 'file:///app/renderer/index.html'],
    ['no address', 'index.html'],
    ['a way out', 'app://culvert/..%2fsecret.json'],
    ['a way around', 'app://culvert/assets/..%2findex.html'],
    ['a way out of Windows', 'app://culvert/..%5csecret.json'],
    ['another drive', 'app://culvert/c%3a/x.json'],
    ['an end before the end', 'app://culvert/index.html%00.js'],
    ['a broken escape', 'app://culvert/%zz.js'],
    ['an unknown kind', 'app://culvert/preload.cjs'],
    ['no kind', 'app://culvert/index'],
    ['a folder', 'app://culvert/assets/'],
  ])('%s is none', (_name, address) => {
    expect(pageFile(folder, address)).toBeUndefined();
  });
});
