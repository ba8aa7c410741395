import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../bench/rig.ts';
import { CulvertLab, makeKey } from '../support/culvert-process.ts';
import { root } from '../support/sources.ts';
import { goTo, openBrowser, openPage, UiHost } from './ui-rig.ts';

const FIRST_PAINT_BYTES = 300 * 1024;
const FRAME_MS = 50;
const GRAPH_CORE = 0.05;
const CONNECTIONS = 5_000;

/**
 * The share of a core that the page's thread is busy: the least of three stretches, since other work on the machine
 * only ever adds to it. Turning what was drawn into pixels is not in it: that is the graphics chip's, or, in a browser
 * without one as here, that of further threads.
 */
async function busyShare(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  // Time on the processor, not time during which it was held up.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const read = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    const value = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
    return { busy: value('TaskDuration'), at: value('Timestamp') };
  };
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 2; i++) {
    const before = await read();
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const after = await read();
    least = Math.min(least, (after.busy - before.busy) / (after.at - before.at));
  }
  await session.detach();
  return least;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly args?: { readonly name?: string };
  /** Time on the processor, µs. */
  readonly tdur?: number;
}

/**
 * What of the page's work while something is done would make a frame too long, ms. Counted is the time on the processor
 * of each task of the page's thread: how long others on the machine kept it waiting says nothing about the page.
 */
async function longFrames(page: Page, act: () => Promise<void>): Promise<readonly number[]> {
  const browser = page.context().browser();
  if (browser === null) throw new Error('no browser');
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] });
  await act();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: TraceEvent[];
  };
  const place = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const threads = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(place),
  );
  const tasks = traceEvents.filter((event) => event.ph === 'X' && threads.has(place(event)));
  const times = tasks.map(({ tdur }) => (tdur ?? 0) / 1_000);
  if (!times.some((time) => time > 0)) throw new Error('the browser traces no tasks');
  console.log(`longest task: ${Math.max(...times).toFixed(0)} ms`);
  return times.filter((time) => time > FRAME_MS);
}

/** Types letter by letter, as a person does, then takes them away. */
async function typeAndErase(page: Page, label: string, text: string): Promise<void> {
  await page.getByLabel(label).click();
  await page.keyboard.type(text, { delay: 60 });
  for (const _ of text) await page.keyboard.press('Backspace', { delay: 30 });
}

describe('what the page costs', () => {
  const lab = new CulvertLab();
  let browser: Browser;
  let host: UiHost;
  beforeAll(async () => {
    [browser, host] = await Promise.all([openBrowser(), UiHost.start()]);
  });
  afterAll(async () => {
    await browser?.close();
    await host?.close();
    await lab.close();
  });

  // A page that is left open would go on drawing.
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });

  it('loads at most 300 KB, gzipped, until the first paint', async () => {
    const { page } = await openPage(browser, host.url);
    await page.waitForSelector('.screen');
    const paths = await page.evaluate(() => {
      const resources = performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname);
      return ['/index.html', ...resources.filter((path) => path !== '/pipe')];
    });
    const sizes = new Map(
      [...new Set(paths)].map((path) => [
        path,
        gzipSync(readFileSync(join(root, 'out/renderer', path))).length,
      ]),
    );
    expect([...sizes.keys()].some((path) => path.endsWith('.js'))).toBe(true);
    const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    expect(total, JSON.stringify([...sizes])).toBeLessThanOrEqual(FIRST_PAINT_BYTES);
  });

  it('moves the graph ten times a second for 5 % of a core, and does nothing while hidden', async () => {
    const { page, complaints } = await openPage(browser, host.url);
    await page.getByRole('button', { name: 'Try it on this machine' }).click();
    await page.locator('.hero[data-state=connected]').waitFor({ timeout: 10_000 });
    await page.evaluate(() => {
      const counter = { drawn: 0 };
      Object.assign(window, { counter });
      const { stroke } = CanvasRenderingContext2D.prototype;
      CanvasRenderingContext2D.prototype.stroke = function (this: CanvasRenderingContext2D, path?: Path2D) {
        counter.drawn++;
        Reflect.apply(stroke, this, path === undefined ? [] : [path]);
      };
    });
    const drawn = () =>
      page.evaluate(() => (window as unknown as { counter: { drawn: number } }).counter.drawn);
    const words = page.locator('.graph figcaption');
    await page.waitForFunction(() =>
      /now/.test(document.querySelector('.graph figcaption')?.textContent ?? ''),
    );
    expect(await words.textContent()).toMatch(/up [\d.]+ \w+\/s, down [\d.]+ \w+\/s now/);

    const [started, strokes] = [performance.now(), await drawn()];
    const share = await busyShare(page);
    const seconds = (performance.now() - started) / 1_000;
    console.log(`graph at 10 Hz: ${(share * 100).toFixed(1)} % of a core`);
    // Two lines each time.
    expect((await drawn()) - strokes).toBeGreaterThan(2 * 8 * seconds);
    expect(share).toBeLessThan(GRAPH_CORE);

    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
    const before = await drawn();
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1_500)));
    expect(await drawn()).toBe(before);
    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'visible', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await page.waitForFunction(
      (old) => (window as unknown as { counter: { drawn: number } }).counter.drawn > old,
      before,
    );
    expect(complaints).toEqual([]);
    await host.client.tryIt.stop();
  });

  it('filters 100,000 log lines without a frame over 50 ms', async () => {
    for (let i = 0; i < 100_000; i++) {
      const text = `opened ${i} to host-${i % 977}.example.net:443, ${(i * 7919) % 1000} ms`;
      host.rig.host.logs.add({
        at: Date.now(),
        level: 'info',
        scope: 'client',
        profileId: null,
        code: null,
        text,
      });
    }
    const { page } = await openPage(browser, host.url);
    await goTo(page, 'logs');
    await page.getByText(/^1\d\d,?\d\d\d lines$|^100,?000 lines$/).waitFor();
    expect(await longFrames(page, () => typeAndErase(page, 'Filter the log', 'host-42'))).toEqual([]);
    await page.getByLabel('Filter the log').fill('host-420.example');
    await page.getByText(/^10[23] of 100,000 shown$/).waitFor();
    await host.client.logs.clear();
  });

  it('shows and filters 5,000 live connections without a frame over 50 ms', async () => {
    // Its connections would count too.
    await host.client.tryIt.stop();
    const server = await lab.server();
    const target = await lab.tcp((socket) => socket.pipe(socket));
    const port = await freePort();
    const [id] = await host.add(`culvert -w -L ${port}::${target} 127.0.0.1:${server.port} -p ${server.key}`);
    await host.client.profiles.connect({ ids: [id] });
    await host.state(({ statuses }) => statuses[id].connection.kind === 'connected');
    const sockets: Socket[] = [];
    // A few at a time: more would not find a place in the listener's queue.
    while (sockets.length < CONNECTIONS) {
      const some = Array.from({ length: 250 }, () => connect(port, '127.0.0.1'));
      await Promise.all(some.map((socket) => once(socket, 'connect')));
      for (const socket of some) sockets.push(socket.on('error', () => {}));
    }
    const { page, complaints } = await openPage(browser, host.url);
    await goTo(page, 'connections');
    await expect
      .poll(() => page.locator('.bar-beside').textContent(), { timeout: 30_000 })
      .toBe('5,000 of 5,000 shown');
    const label = 'Filter by target, rule or profile';
    expect(await longFrames(page, () => typeAndErase(page, label, 'itself'))).toEqual([]);
    await page.getByLabel('Filter by target, rule or profile').fill('nowhere');
    await page.getByText('Nothing matches "nowhere".').waitFor();
    await page.getByRole('button', { name: 'Clear the filter' }).first().click();
    await page.getByText('5,000 of 5,000 shown').waitFor();

    // One is closed, then all.
    await page
      .getByRole('button', { name: /^Close the connection to/ })
      .first()
      .click();
    await page.getByText('4,999 of 4,999 shown').waitFor();
    await page.getByRole('button', { name: 'Close all' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Close all' }).click();
    await page.getByText('4999 connections closed.').waitFor();
    await page.getByText('No connection is open.', { exact: false }).waitFor();
    for (const socket of sockets) socket.destroy();
    expect(complaints).toEqual([]);
  }, 60_000);

  it('lists and filters 1,000 profiles without a frame over 50 ms', async () => {
    const { order, profiles } = await host.state(() => true);
    const own = order.filter((id) => profiles[id].origin === 'user');
    if (own.length > 0) await host.client.profiles.remove({ ids: own });
    await host.client.tryIt.stop();
    const lines = Array.from(
      { length: 1_000 },
      (_, i) => `culvert -D 0 server-${i}.example.net:443 -p ${makeKey()}`,
    );
    for (let i = 0; i < lines.length; i += 250) await host.add(lines.slice(i, i + 250).join('\n'));
    const { page, complaints } = await openPage(browser, host.url);
    await goTo(page, 'profiles');
    await page.getByText('1000 profiles', { exact: true }).waitFor();
    expect(await longFrames(page, () => typeAndErase(page, 'Search profiles', 'server-77'))).toEqual([]);
    await page.getByLabel('Search profiles').fill('server-777');
    await page.getByRole('link', { name: 'server-777.example.net' }).waitFor();
    expect(await page.locator('.profile-row').count()).toBe(1);
    await page.mouse.move(600, 300);
    await page.getByLabel('Search profiles').fill('');
    const scroll = async () => {
      for (let i = 0; i < 20; i++) await page.mouse.wheel(0, i < 10 ? 2_000 : -2_000);
    };
    expect(await longFrames(page, scroll)).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
