import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src-shared/errors.ts';
import { freePort } from '../bench/rig.ts';
import { CulvertLab, makeKey, type ServerProcess, says } from '../support/culvert-process.ts';
import { goTo, openBrowser, openPage, UiHost } from './ui-rig.ts';

describe('six failures', () => {
  const lab = new CulvertLab();
  let browser: Browser;
  let host: UiHost;
  let server: ServerProcess;
  let silent: number;
  let proxy: number;
  beforeAll(async () => {
    [browser, host, server] = await Promise.all([openBrowser(), UiHost.start(), lab.server()]);
    silent = await lab.listen(createServer());
    proxy = await lab.tcp((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'));
    });
  });
  afterAll(async () => {
    await browser?.close();
    await host?.close();
    await lab.close();
  });

  /** Connects a profile that cannot, and opens Home once it has failed. */
  async function failing(line: string, code: ErrorCode, change: object = {}): Promise<Page> {
    const { order } = await host.state(() => true);
    if (order.length > 0) await host.client.profiles.remove({ ids: order });
    const [id] = await host.add(line);
    if (Object.keys(change).length > 0) {
      const { profiles } = await host.state(() => true);
      const { revision } = profiles[id];
      const read = await host.client.imports.preview({ text: line });
      if (!read.ok) throw new Error('not read');
      await host.client.profiles.update({ id, revision, draft: { ...read.items[0].draft, ...change } });
    }
    await host.client.profiles.connect({ ids: [id] });
    await host.state(({ statuses }) => {
      const { connection } = statuses[id];
      return 'failure' in connection && connection.failure.code === code;
    });
    const { page, complaints } = await openPage(browser, host.url);
    expect(complaints).toEqual([]);
    await page.locator('.failure').waitFor();
    return page;
  }

  /** The name of the field that has the focus, and what is selected in it. */
  const focused = (page: Page) =>
    page.evaluate(() => {
      const element = document.activeElement as HTMLInputElement;
      const { selectionStart, selectionEnd, value } = element;
      return { field: element.dataset.field, selected: value?.slice(selectionStart ?? 0, selectionEnd ?? 0) };
    });
  const press = (page: Page, name: string) =>
    page.locator('.failure').getByRole('button', { name, exact: true }).click();

  it('a wrong key leads to the key', async () => {
    const page = await failing(
      `culvert -w -D 0 127.0.0.1:${server.port} -p ${makeKey()}`,
      'ERR_KEY_OR_CLOCK',
    );
    await page.getByText('The key does not fit').first().waitFor();
    expect(await page.locator('.hero').getAttribute('data-state')).toBe('failed');
    await press(page, 'Check the key');
    await page.waitForSelector('.editor');
    expect((await focused(page)).field).toBe('key');
  });

  it('a name that is not found leads to the address', async () => {
    const page = await failing(
      'culvert -w -D 0 no-such-name.invalid:80 -p secret-words',
      'ERR_NAME_NOT_FOUND',
    );
    await page.getByText('Name not found').first().waitFor();
    await press(page, 'Correct the address');
    await page.waitForSelector('.editor');
    expect(await focused(page)).toEqual({ field: 'address', selected: 'no-such-name.invalid:80' });
  });

  it('a refused connection leads to the port', async () => {
    const port = await freePort();
    const page = await failing(`culvert -w -D 0 127.0.0.1:${port} -p secret-words`, 'ERR_SERVER_REFUSED');
    await page.getByText('Connection refused').first().waitFor();
    await press(page, 'Check the port');
    await page.waitForSelector('.editor');
    expect(await focused(page)).toEqual({ field: 'address', selected: String(port) });
  });

  it('silence leads to plain HTTP', async () => {
    const line = `culvert -w -t 1 -D 0 127.0.0.1:${silent} -p secret-words`;
    const page = await failing(line, 'ERR_SERVER_TIMEOUT');
    await page.getByText('No answer').first().waitFor();
    await press(page, 'Try over HTTP');
    const [id] = (await host.state(() => true)).order;
    await host.state(({ profiles }) => profiles[id].transport === 'http');
  });

  it('a proxy that refuses leads to the proxy', async () => {
    const way = { proxy: { scheme: 'http', host: '127.0.0.1', port: proxy, user: '' } };
    const line = `culvert -w -D 0 127.0.0.1:${server.port} -p ${server.key}`;
    const page = await failing(line, 'ERR_PROXY', way);
    await page.getByText('Blocked by a proxy').first().waitFor();
    await press(page, 'Check the proxy');
    await page.waitForSelector('.editor');
    expect((await focused(page)).field).toBe('proxyKind');
  });

  it('copies details without the address', async () => {
    const page = await failing(
      'culvert -w -D 0 no-such-name.invalid:80 -p secret-words',
      'ERR_NAME_NOT_FOUND',
    );
    await press(page, 'Copy details');
    await page.getByText('Copied').waitFor();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    expect(text).toContain('code: ERR_NAME_NOT_FOUND');
    expect(text).not.toMatch(/secret-words/);
  });
});

describe('a host that is gone', () => {
  const lab = new CulvertLab();
  const folder = mkdtempSync(join(tmpdir(), 'culvert-ui-'));
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('shows no false Connected two seconds later, and comes back by itself', async () => {
    const server = await lab.server();
    const port = await freePort();
    const start = async () => {
      const child = lab.run(['ui', '--listen', `127.0.0.1:${port}`, '--data', folder]);
      const [, url] = await says(child, /(http:\S+token=\S+)/);
      return { child, url };
    };
    const first = await start();
    const { page } = await openPage(browser, first.url);
    await page
      .getByLabel('Link or command line')
      .fill(`culvert -w -D 0 127.0.0.1:${server.port} -p ${server.key}`);
    await page.getByRole('button', { name: 'Import 1 profile' }).click();
    await page.waitForSelector('.editor');
    await goTo(page, 'home');
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await page.locator('.hero[data-state=connected]').waitFor();

    const claims = () => page.locator('[data-state=connected]').count();
    // Stopped, it holds its sockets open and says nothing.
    first.child.signal('SIGSTOP');
    const stopped = performance.now();
    await page.locator('.hero[data-state=unknown]').waitFor();
    const silence = performance.now() - stopped;
    expect(silence).toBeLessThan(2_000);
    expect(await claims()).toBe(0);
    await page.getByText('No answer from Culvert.', { exact: false }).waitFor();
    first.child.signal('SIGCONT');
    await page.locator('.hero[data-state=connected]').waitFor();

    first.child.signal('SIGKILL');
    const killed = performance.now();
    await page.locator('.hero[data-state=unknown]').waitFor();
    expect(performance.now() - killed).toBeLessThan(2_000);
    expect(await claims()).toBe(0);
    await first.child.ended;

    // The next one has the same token, so the page that is open goes on.
    await start();
    await page.locator('.hero[data-state=stopped]').waitFor();
  });
});
