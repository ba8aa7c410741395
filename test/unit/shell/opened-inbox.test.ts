import { describe, expect, it } from 'vitest';
import type { Opened } from '../../../src-main/shell/launch-args.ts';
import { OpenedInbox } from '../../../src-main/shell/opened-inbox.ts';
import { AppDouble } from '../../shell/electron-double.ts';

function make() {
  const app = new AppDouble();
  const inbox = new OpenedInbox(app);
  const taken: Array<Opened | undefined> = [];
  const prevented: string[] = [];
  const event = (name: string) => ({ preventDefault: () => prevented.push(name) });
  return { app, inbox, taken, prevented, event, take: (opened: Opened | undefined) => taken.push(opened) };
}

describe('what others ask the app to open', () => {
  it('waits until there is a window, and of several the newest counts', () => {
    const { app, inbox, taken, take, prevented, event } = make();
    expect(inbox.isAsked).toBe(false);
    app.emit('open-url', event('url'), 'culvert://one');
    app.emit('open-file', event('file'), '/a/b.culvert');
    app.emit('second-instance', {}, ['culvert'], '/');
    expect(inbox.isAsked).toBe(true);
    inbox.open(take);
    expect(taken).toEqual([{ kind: 'file', path: '/a/b.culvert' }]);
    // Else the system would do it its own way too.
    expect(prevented).toEqual(['url', 'file']);
    app.emit('open-url', event('url'), 'culvert://two');
    app.emit('open-url', event('url'), 'https://evil.test/');
    expect(taken.slice(1)).toEqual([{ kind: 'link', text: 'culvert://two' }, undefined]);
  });

  it('is a window even when there is nothing to open', () => {
    const { app, inbox, taken, take } = make();
    app.emit('second-instance', {}, ['culvert'], '/');
    inbox.open(take);
    expect(taken).toEqual([undefined]);
  });

  it.skipIf(process.platform === 'win32')('names files from where the other instance was started', () => {
    const { app, inbox, taken, take } = make();
    inbox.open(take);
    app.emit('second-instance', {}, ['culvert', 'b.culvert'], '/home/a');
    app.emit('second-instance', {}, ['culvert', '/c/d.culvert'], '/home/a');
    expect(taken).toEqual([
      { kind: 'file', path: '/home/a/b.culvert' },
      { kind: 'file', path: '/c/d.culvert' },
    ]);
  });
});
