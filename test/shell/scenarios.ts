import { connect } from 'node:net';
import { expect, it } from 'vitest';
import type { TrayItem } from '../../src-main/shell/tray-model.ts';
import { importText } from '../../src-shared/import.ts';
import { printLink } from '../../src-shared/link.ts';
import { freePort } from '../bench/rig.ts';
import { CulvertLab, type ServerProcess } from '../support/culvert-process.ts';
import type { Driver, RunningApp } from './driver.ts';

/** What the scenarios of both drivers share: a server, a target, an app. */
export class Stage {
  readonly lab = new CulvertLab();
  readonly driver: Driver;
  private server: ServerProcess | undefined;
  private target = 0;

  constructor(driver: Driver) {
    this.driver = driver;
  }

  async open(): Promise<void> {
    this.server = await this.lab.server();
    this.target = await this.lab.tcp((socket) => socket.pipe(socket));
  }

  async close(): Promise<void> {
    await this.driver.close();
    await this.lab.close();
  }

  /** A profile with one forward to the echo target: its command line and local port. */
  async line(): Promise<{ text: string; port: number }> {
    if (this.server === undefined) throw new Error('not open');
    const port = await freePort();
    return {
      port,
      text: `culvert -w -L ${port}::${this.target} 127.0.0.1:${this.server.port} -p ${this.server.key}`,
    };
  }
}

/** Sends bytes through a local port and keeps the connection; gives what came back. */
export function echo(
  port: number,
  text: string,
): Promise<{ back: string; end: () => void; ended: Promise<void> }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    const ended = new Promise<void>((done) => socket.once('close', () => done()));
    socket.setEncoding('utf8');
    socket.setTimeout(5_000, () => socket.destroy(new Error('nothing came back')));
    socket.once('error', reject);
    socket.once('data', (back: string) => {
      socket.setTimeout(0);
      socket.on('error', () => {});
      resolve({ back, ended, end: () => socket.destroy() });
    });
  });
}

export function labels(items: readonly TrayItem[]): string[] {
  return items.flatMap((item) => {
    if (item.kind === 'separator') return [];
    return item.kind === 'menu' ? [item.label, ...labels(item.items)] : [item.label];
  });
}

async function connected(app: RunningApp, id: string): Promise<void> {
  await app.until(({ statuses }) => statuses[id]?.connection.kind === 'connected');
}

/** The scenarios that run on both drivers, as tests of the surrounding `describe`. */
export function commonScenarios(stage: Stage): void {
  it('first launch: a window with the first page, and a tray that says what is', async () => {
    const app = await stage.driver.launch();
    const page = await app.page();
    await page.getByRole('heading', { name: 'Set up the first server' }).waitFor();
    const { shape, items } = await app.tray();
    expect(shape).toBe('stopped');
    expect(labels(items)).toEqual(['Stopped', 'Open Culvert', 'Quit Culvert']);
    expect((await app.state()).host.kind).toBe('desktop');
    await app.quit();
  });

  it('tray toggle: connects, shows where it listens, disconnects', async () => {
    const app = await stage.driver.launch();
    const { text, port } = await stage.line();
    const [id] = await app.add(text);
    await app.click({ kind: 'connectAll' });
    await connected(app, id);
    const on = await app.tray();
    expect(on.shape).toBe('connected');
    expect(labels(on.items)).toContain('Disconnect');
    expect(labels(on.items)).not.toContain('Connect');
    expect(labels(on.items)).toContain(`127.0.0.1:${port}`);
    const stream = await echo(port, 'hello');
    expect(stream.back).toBe('hello');
    stream.end();
    await app.click({ kind: 'disconnectAll' });
    await app.until(({ statuses }) => !statuses[id].on);
    expect((await app.tray()).shape).toBe('stopped');
    await app.quit();
  });

  it('profile switch from the tray: each has its own check', async () => {
    const app = await stage.driver.launch();
    const [one] = await app.add((await stage.line()).text);
    const [two] = await app.add((await stage.line()).text);
    await app.click({ kind: 'toggle', profileId: one, on: true });
    await connected(app, one);
    expect((await app.state()).statuses[two].on).toBe(false);
    await app.click({ kind: 'toggle', profileId: two, on: true });
    await app.click({ kind: 'toggle', profileId: one, on: false });
    await connected(app, two);
    const state = await app.until(({ statuses }) => !statuses[one].on);
    expect(state.statuses[two].on).toBe(true);
    await app.quit();
  });

  it('close and reopen: the tunnels stay, the window comes back', async () => {
    const app = await stage.driver.launch();
    await app.page();
    const { text, port } = await stage.line();
    const [id] = await app.add(text);
    await app.click({ kind: 'connectAll' });
    await connected(app, id);
    const stream = await echo(port, 'before');
    await app.closeWindow();
    expect(await app.windowCount()).toBe(0);
    expect((await echo(port, 'still here')).back).toBe('still here');
    await app.click({ kind: 'open' });
    const page = await app.page();
    await page.locator('.hero[data-state=connected]').waitFor();
    expect(await app.windowCount()).toBe(1);
    stream.end();
    await app.quit();
  });

  it('second instance: the first one shows its window', async () => {
    const app = await stage.driver.launch({ argv: ['--hidden'] });
    expect(await app.windowCount()).toBe(0);
    await app.startAgain([]);
    await app.page();
    expect(await app.windowCount()).toBe(1);
    await app.quit();
  });

  it('deep link: previews, and applies nothing before a person does', async () => {
    const app = await stage.driver.launch({ argv: ['--hidden'] });
    const { text, port } = await stage.line();
    const read = importText(text);
    if (!read.ok) throw new Error(read.error.reason);
    await app.startAgain([printLink(read.items[0].draft, { withKey: true, withRules: true })]);
    const page = await app.page();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(`${port}:`).first().waitFor();
    expect((await app.state()).order).toEqual([]);
    await dialog.getByRole('button', { name: 'Import 1 profile' }).click();
    await app.until(({ order }) => order.length === 1);
    await app.quit();
  });

  it('engine crash: everything that was on comes back by itself', async () => {
    const app = await stage.driver.launch({ argv: ['--hidden'] });
    const { text, port } = await stage.line();
    const [id] = await app.add(text);
    await app.click({ kind: 'connectAll' });
    await connected(app, id);
    await app.crashEngine();
    await app.until(({ statuses }) => statuses[id].connection.kind === 'reconnecting');
    await connected(app, id);
    expect((await echo(port, 'again')).back).toBe('again');
    await app.quit();
  });

  it('wake: the carrier is looked at anew, and streams go on', async () => {
    const app = await stage.driver.launch({ argv: ['--hidden'] });
    const { text, port } = await stage.line();
    const [id] = await app.add(text);
    await app.click({ kind: 'connectAll' });
    await connected(app, id);
    const begun = performance.now();
    await app.wake();
    await connected(app, id);
    expect((await echo(port, 'awake')).back).toBe('awake');
    expect(performance.now() - begun).toBeLessThan(5_000);
    await app.quit();
  });

  it('quit with live streams: ends in order, with code 0, and what was set is there at the next start', async () => {
    const app = await stage.driver.launch({ argv: ['--hidden'] });
    const { text, port } = await stage.line();
    const [id] = await app.add(text);
    await app.click({ kind: 'connectAll' });
    await connected(app, id);
    const stream = await echo(port, 'live');
    expect(await app.quit()).toBe(0);
    await stream.ended;
    const next = await stage.driver.launch({ argv: ['--hidden'], directory: app.directory });
    const { profiles } = await next.state();
    expect(profiles[id].secrets.key.kind).toBe('set');
    await next.quit();
  });
}
