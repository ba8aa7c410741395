import { connect } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../bench/rig.ts';
import { CulvertLab, type ServerProcess } from '../support/culvert-process.ts';
import { openBrowser, openPage, UiHost } from './ui-rig.ts';

/** Presses Tab until the focus is on what has the name, and sees to it that the focus can be seen there. */
async function tabTo(page: Page, name: RegExp | string, most = 60): Promise<void> {
  const seen: string[] = [];
  for (let i = 0; i < most; i++) {
    await page.keyboard.press('Tab');
    const focus = await page.evaluate(() => {
      const element = document.activeElement;
      // The page itself has it between the last element and the first.
      if (!(element instanceof HTMLElement) || element === document.body) return { name: '', visible: true };
      const labels = 'labels' in element ? [...((element.labels as NodeListOf<Element> | null) ?? [])] : [];
      const words = [
        element.getAttribute('aria-label'),
        ...labels.map((label) => label.textContent),
        element.textContent,
      ];
      const mark = element.matches('.segment input') ? element.nextElementSibling : element;
      const box = element.closest('.filter') ?? mark ?? element;
      const style = getComputedStyle(box);
      const visible = style.outlineStyle !== 'none' || style.boxShadow !== 'none';
      return { name: words.filter(Boolean).join(' ').trim(), visible };
    });
    seen.push(focus.name);
    expect(focus.visible, `the focus on "${focus.name}" cannot be seen`).toBe(true);
    if (typeof name === 'string' ? focus.name.startsWith(name) : name.test(focus.name)) return;
  }
  throw new Error(`no way by Tab to ${name}: ${seen.join(' | ')}`);
}

/** Runs a command of the palette by typing a part of it. */
async function command(page: Page, text: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.waitForSelector('.palette[open]');
  await page.keyboard.type(text);
  await page.keyboard.press('Enter');
  await page.waitForSelector('.palette[open]', { state: 'detached' });
}

/** Sends bytes through a local port and gives what came back. */
function echoThrough(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.setEncoding('utf8');
    socket.setTimeout(5_000, () => socket.destroy(new Error('nothing came back')));
    socket.once('data', (data: string) => {
      resolve(data);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

describe('the page, by the keyboard alone', () => {
  const lab = new CulvertLab();
  let browser: Browser;
  let host: UiHost;
  let server: ServerProcess;
  let target: number;
  beforeAll(async () => {
    [browser, host, server] = await Promise.all([openBrowser(), UiHost.start(), lab.server()]);
    target = await lab.tcp((socket) => socket.pipe(socket));
  });
  afterAll(async () => {
    await browser?.close();
    await host?.close();
    await lab.close();
  });

  it('leads from the first launch to connected, to an edited rule, to disconnected', async () => {
    const { page, complaints } = await openPage(browser, host.url);
    const port = await freePort();
    await page.getByRole('heading', { name: 'Set up the first server' }).waitFor();

    // Import of a command line, seen before it is saved.
    await tabTo(page, 'Link or command line');
    const line = `culvert -w -L ${port}::${target} 127.0.0.1:${server.port} -p ${server.key}`;
    await page.keyboard.insertText(line);
    await page.getByRole('heading', { name: 'What will change' }).waitFor();
    expect(await page.locator('.import-rules').textContent()).toContain(`-L ${port}::${target}`);
    expect(Object.keys((await host.state(() => true)).profiles)).toEqual([]);
    await tabTo(page, 'Import 1 profile');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /^Edit / }).waitFor();

    // Test before saving, then a name.
    await page.keyboard.insertText('Home server');
    await tabTo(page, /^Test$/);
    await page.keyboard.press('Enter');
    await page.getByText(/^It works: WebSocket/).waitFor();
    await tabTo(page, /^Save$/);
    await page.keyboard.press('Enter');
    await page.getByText('Home server is saved.').waitFor();

    // Connect on Home, by its one primary button.
    await command(page, 'go to home');
    await tabTo(page, /^Connect$/);
    await page.keyboard.press('Enter');
    await page.locator('.hero[data-state=connected]').waitFor();
    expect(await page.locator('.hero-line').first().textContent()).toMatch(/over WebSocket/);
    expect(await echoThrough(port, 'hello')).toBe('hello');

    // Another local port for its rule.
    await command(page, 'go to rules');
    await tabTo(page, /^More about/);
    await page.keyboard.press('ArrowDown');
    await page.getByRole('menu').waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await tabTo(page, 'Local port');
    const moved = await freePort();
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText(String(moved));
    await page.getByText(`Port ${moved} is free.`).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByText(`127.0.0.1:${moved}`).waitFor();
    await page.getByText('Listening', { exact: true }).waitFor();
    expect(await echoThrough(moved, 'again')).toBe('again');

    // Another transport while connected: the connection that is open stays. Then off.
    const open = connect(moved, '127.0.0.1');
    const heard = (text: string) =>
      new Promise<void>((resolve) => {
        open.once('data', (data) => {
          expect(String(data)).toBe(text);
          resolve();
        });
        open.write(text);
      });
    await heard('before');
    await command(page, 'transport: http');
    await host.state(({ statuses }) => {
      const [{ connection }] = Object.values(statuses);
      return connection.kind === 'connected' && connection.transport === 'http';
    });
    await heard('after');
    open.destroy();
    await command(page, 'disconnect home');
    await command(page, 'go to home');
    await page.locator('.hero[data-state=stopped]').waitFor();
    expect(complaints).toEqual([]);
  });

  it('names who holds a port, and offers a free one', async () => {
    const { page, complaints } = await openPage(browser, host.url);
    const taken = await lab.tcp(() => {});
    await page.evaluate(() => {
      location.hash = '#/rules';
    });
    await page.getByRole('button', { name: 'Add a rule' }).click();
    await page.getByLabel('Local port').fill(String(taken));
    const words = await page.getByText(`Port ${taken} is taken by`).textContent();
    expect(words).toContain(`pid ${process.pid}`);
    const offer = page.getByRole('button', { name: /^Use \d+ instead$/ });
    const suggested = Number(/\d+/.exec((await offer.textContent()) ?? '')?.[0]);
    await offer.click();
    await page.getByText(`Port ${suggested} is free.`).waitFor();
    expect(complaints).toEqual([]);
  });

  it('deletes with undo', async () => {
    const { page, complaints } = await openPage(browser, host.url);
    await page.evaluate(() => {
      location.hash = '#/profiles';
    });
    await page.getByRole('button', { name: /^More about Home server/ }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByText('Deleted Home server.').waitFor();
    expect((await host.state(({ order }) => order.length === 0)).order).toEqual([]);
    await page.keyboard.press('Control+z');
    await page.getByRole('link', { name: 'Home server' }).waitFor();
    const state = await host.state(({ order }) => order.length === 1);
    expect(state.profiles[state.order[0]].secrets.key.kind).toBe('set');
    expect(complaints).toEqual([]);
  });

  it('shares as link and QR code, and says whether the key is in it', async () => {
    const { page, complaints } = await openPage(browser, host.url);
    const [id] = (await host.state(() => true)).order;
    await page.evaluate((hash) => {
      location.hash = hash;
    }, `#/profiles/${id}`);
    await page.getByRole('button', { name: 'Share' }).click();
    await page.getByText('The key is not in this link.').waitFor();
    await page.getByRole('img', { name: 'QR code of the link' }).waitFor();
    await page.getByLabel('With the key').check();
    await page.getByText('The key is in this link.', { exact: false }).waitFor();
    await page.getByRole('button', { name: 'Copy the link' }).click();
    await page.getByText('Copied').waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    const preview = await host.client.imports.preview({ text: link });
    expect(preview.ok && preview.items[0].draft.secrets.key).toEqual({ kind: 'set', text: server.key });
    // The picture of the code, read again by the import.
    const png = await page.locator('.qr').screenshot();
    await page.keyboard.press('Escape');
    await page.evaluate(() => {
      location.hash = '#/profiles';
    });
    await page.getByRole('button', { name: 'Import' }).click();
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Read a QR image' }).click();
    await (await chooser).setFiles({ name: 'code.png', mimeType: 'image/png', buffer: png });
    await page.getByText('Already there: Home server').waitFor();
    expect(complaints).toEqual([]);
  });
});
