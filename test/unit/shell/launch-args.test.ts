import { describe, expect, it } from 'vitest';
import { parseLaunch } from '../../../src-main/shell/launch-args.ts';

const nothing = { hidden: false, data: undefined, opened: undefined };

describe('what the app was started with', () => {
  it.each<[readonly string[], object]>([
    [[], nothing],
    [['--hidden'], { ...nothing, hidden: true }],
    [['--data', '/a'], { ...nothing, data: '/a' }],
    [['--data=/a b'], { ...nothing, data: '/a b' }],
    [['--data='], nothing],
    [['--no-sandbox', '.', '--inspect=0'], nothing],
    [['culvert://x'], { ...nothing, opened: { kind: 'link', text: 'culvert://x' } }],
    [['CULVERT://x'], { ...nothing, opened: { kind: 'link', text: 'CULVERT://x' } }],
    [['https://x'], nothing],
    [['/home/a/b.culvert'], { ...nothing, opened: { kind: 'file', path: '/home/a/b.culvert' } }],
    // As Linux desktops hand over a file, by `%U`.
    [['file:///home/a%20b/c.culvert'], { ...nothing, opened: { kind: 'file', path: '/home/a b/c.culvert' } }],
    [['file://other.host%2F/c.culvert'], nothing],
    [['--x=/b.culvert'], nothing],
    [[`culvert://${'x'.repeat(70_000)}`], nothing],
  ])('%j', (args, wanted) => {
    expect(parseLaunch(['culvert://not-this', ...args])).toEqual(wanted);
  });
});
