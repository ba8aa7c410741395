import { describe, expect, it } from 'vitest';
import { releasePage, repositoryPage } from '../../../src-main/shell/product.ts';

describe("the repository's page", () => {
  it.each([
    [{ repository: { url: 'git+https://github.com/a/b.git' } }, 'https://github.com/a/b'],
    [{ repository: { url: 'https://git.test/a-b/c.d' } }, 'https://git.test/a-b/c.d'],
    [{ repository: { url: 'ssh://git@git.test/a/b' } }, undefined],
    [{ repository: { url: 'git+https://github.com/a/b/../../c' } }, undefined],
    [{}, undefined],
    [null, undefined],
  ])('of %o is %s', (manifest, page) => {
    expect(repositoryPage(manifest)).toBe(page);
  });

  it('has one for each version, whatever that is called', () => {
    expect(releasePage('https://github.com/a/b', '1.2.3')).toBe('https://github.com/a/b/releases/tag/v1.2.3');
    expect(releasePage('https://github.com/a/b', '../../x')).toBe(
      'https://github.com/a/b/releases/tag/v..%2F..%2Fx',
    );
  });
});
