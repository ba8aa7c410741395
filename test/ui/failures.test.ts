import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
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
  let proxy: number;
  /** A host whose one profile waits for an answer: that it does not come is known after 15 s, while the others fail. */
  let slow: UiHost;
  let slowId = '';
  beforeAll(async () => {
    [browser, host, slow, server] = await Promise.all([
      openBrowser(),
      UiHost.start(),
      UiHost.start(),
      lab.server(),
    ]);
    const silent = await lab.listen(createServer());
    [slowId] = await slow.add(`culvert -w -D 0 127.0.0.1:${silent} -p ${server.key}`);
    await slow.client.profiles.connect({ ids: [slowId] });
    proxy = await lab.tcp((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'));
    });
  });
  afterAll(async () => {
    await browser?.close();
    await host?.close();
    await slow?.close();
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
    const page = await failing(`culvert -w -D 0 127.0.0.1:${server.port} -p ${makeKey()}`, 'ERR_WRONG_KEY');
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

  it('a clock that is off leads to how to set it', async () => {
    const late = await lab.tcp((socket) => {
      socket.once('data', () => {
        const date = new Date(Date.now() + 600_000).toUTCString();
        socket.end(
          `HTTP/1.1 404 Not Found\r\nDate: ${date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
        );
      });
    });
    const page = await failing(`culvert -w -D 0 127.0.0.1:${late} -p secret-words`, 'ERR_CLOCK');
    await page.getByText('The clock is off').first().waitFor();
    const fact = 'This clock is 10 min 00 s behind the server.';
    await page.locator('.failure').getByText(fact).waitFor();
    await press(page, 'Set the clock');
    const dialog = page.getByRole('dialog', { name: 'The clock is off' });
    await dialog.getByText('timedatectl').waitFor();
    await dialog.getByText(fact).waitFor();
  });

  it('a proxy that refuses leads to the proxy', async () => {
    const way = { proxy: { scheme: 'http', host: '127.0.0.1', port: proxy, user: '' } };
    const line = `culvert -w -D 0 127.0.0.1:${server.port} -p ${server.key}`;
    const page = await failing(line, 'ERR_PROXY', way);
    await page.getByText('Blocked by a proxy').first().waitFor();
    await page.locator('.failure').getByText('HTTP status: 403').waitFor();
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
    expect(text).toMatch(/^ERR_NAME_NOT_FOUND: .*\[host\]/);
    expect(text).not.toMatch(/secret-words|no-such-name/);
  });

  it('silence leads to plain HTTP', async () => {
    await slow.state(({ statuses }) => {
      const { connection } = statuses[slowId];
      return 'failure' in connection && connection.failure.code === 'ERR_SERVER_TIMEOUT';
    }, 20_000);
    const { page, complaints } = await openPage(browser, slow.url);
    await page.getByText('No answer', { exact: true }).first().waitFor();
    await press(page, 'Try over HTTP');
    await slow.state(({ profiles }) => profiles[slowId].transport === 'http');
    expect(complaints).toEqual([]);
  }, 40_000);
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

/**
 * Passes bytes on until it swallows them: both sides stay connected and hear nothing. A connection of which it swallowed
 * some is lost for good: TCP never goes on behind a gap.
 */
class Swallower {
  swallows = false;
  readonly server: Server;

  constructor(target: number) {
    this.server = createServer({ noDelay: true }, (near) => {
      const far = connect({ port: target, host: '127.0.0.1', noDelay: true });
      let lost = false;
      for (const [from, to] of [
        [near, far],
        [far, near],
      ]) {
        from.on('data', (chunk) => {
          lost ||= this.swallows;
          if (!lost) to.write(chunk);
        });
        from.on('error', () => {});
        from.on('close', () => to.destroy());
      }
    });
  }
}

describe('traffic that disappears', () => {
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

  it('is Degraded within ten seconds, and Connected again by itself', async () => {
    const server = await lab.server();
    const swallower = new Swallower(server.port);
    const port = await lab.listen(swallower.server);
    const target = await lab.tcp((socket) => socket.pipe(socket));
    const local = await freePort();
    const line = `culvert -w -L ${local}::${target} 127.0.0.1:${port} -p ${server.key}`;
    const [id] = await host.add(line);
    const { page, complaints } = await openPage(browser, host.url);
    await host.client.profiles.connect({ ids: [id] });
    await page.locator('.hero[data-state=connected]').waitFor();
    // Somebody who types: nothing is missed while nothing is under way.
    const typist = connect(local, '127.0.0.1');
    let echoed = 0;
    typist.on('data', (chunk) => {
      echoed += chunk.length;
    });
    let typed = 0;
    const typing = setInterval(() => {
      typist.write('x');
      typed++;
    }, 100);
    lab.onClose(() => {
      clearInterval(typing);
      typist.destroy();
    });
    await expect.poll(() => echoed).toBeGreaterThan(0);
    swallower.swallows = true;
    const started = performance.now();
    await page.locator('.hero[data-state=degraded]').waitFor({ timeout: 10_000 });
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(await page.locator('[data-state=connected]').count()).toBe(0);
    await page.getByText('Connected, but nothing comes through at the moment.').waitFor();
    swallower.swallows = false;
    await page.locator('.hero[data-state=connected]').waitFor({ timeout: 20_000 });
    clearInterval(typing);
    // Not a byte was lost on the way.
    await expect.poll(() => echoed, { timeout: 10_000 }).toBe(typed);
    expect(complaints).toEqual([]);
  }, 45_000);
});
