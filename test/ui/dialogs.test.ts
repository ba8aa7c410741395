import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { freePort } from '../bench/rig.ts';
import { makeKey } from '../support/culvert-process.ts';
import { goTo, type Opened, openBrowser, openPage, UiHost } from './ui-rig.ts';

// A passphrase is stretched each time, which takes a busy machine seconds.
const STEP_MS = 20_000;
vi.setConfig({ testTimeout: 90_000 });

const folder = mkdtempSync(join(tmpdir(), 'culvert-dialogs-'));
const key = makeKey();
let browser: Browser;
let host: UiHost;
let opened: Opened;
let page: Page;
beforeAll(async () => {
  [browser, host] = await Promise.all([openBrowser(), UiHost.start({ directory: join(folder, 'data') })]);
});
afterAll(async () => {
  await browser?.close();
  await host?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  const { order } = await host.state(() => true);
  if (order.length > 0) await host.client.profiles.remove({ ids: order });
  await host.add(`culvert -w -D 0 server.example:81 -p ${key}`);
  opened = await openPage(browser, host.url);
  page = opened.page;
  page.setDefaultTimeout(STEP_MS);
});
afterEach(() => opened?.context.close());

const button = (within: Page | Locator, name: string) => within.getByRole('button', { name, exact: true });

/** Presses what saves a file, and gives what is in it. */
async function saved(press: () => Promise<void>): Promise<{ name: string; text: string }> {
  const [download] = await Promise.all([page.waitForEvent('download'), press()]);
  return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') };
}

async function type(dialog: Locator, passphrase: string, again?: string): Promise<void> {
  await dialog.getByLabel('Passphrase', { exact: true }).fill(passphrase);
  if (again !== undefined) await dialog.getByLabel('Repeat the passphrase').fill(again);
}

/** Opens *Restore* with a file chosen. */
async function choose(text: string): Promise<Locator> {
  const path = join(folder, 'backup.json');
  writeFileSync(path, text);
  await button(page, 'Restore').click();
  const dialog = page.getByRole('dialog');
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    button(dialog, 'Choose a file').click(),
  ]);
  await chooser.setFiles(path);
  return dialog;
}

describe('backup and restore', () => {
  beforeEach(() => goTo(page, 'settings'));

  it('with a passphrase: sealed; a wrong one is said at the field; the right one restores', async () => {
    await button(page, 'Back up').click();
    const dialog = page.getByRole('dialog');
    await type(dialog, 'correct horse', 'correct horsf');
    await dialog.getByText('The two are not the same').waitFor();
    expect(await button(dialog, 'Back up').isDisabled()).toBe(true);
    await type(dialog, 'correct horse', 'correct horse');
    const file = await saved(() => button(dialog, 'Back up').click());
    expect(file.name).toMatch(/^culvert-.*\.json$/);
    expect(file.text).not.toMatch(new RegExp(`${key}|server\\.example`));

    await host.client.profiles.remove({ ids: (await host.state(() => true)).order });
    const restore = await choose(file.text);
    await type(restore, 'wrong');
    await button(restore, 'Unlock').click();
    await restore.getByText('Wrong passphrase').waitFor();
    await type(restore, 'correct horse');
    await button(restore, 'Unlock').click();
    await restore.getByText('server.example').waitFor();
    await button(restore, 'Restore').click();
    const { order } = await host.state((state) => state.order.length === 1);
    const secret = { kind: 'key' } as const;
    expect(await host.client.profiles.reveal({ id: order[0], secret })).toEqual({ text: key });
    await button(page, 'Undo').click();
    await host.state((state) => state.order.length === 0);
  });

  it('without one: says that the keys can be read, and restores', async () => {
    await button(page, 'Back up').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Seal with a passphrase').uncheck();
    await dialog.locator('.warn-line').waitFor();
    const file = await saved(() => button(dialog, 'Back up').click());
    expect(file.text).toContain(key);

    await host.client.profiles.remove({ ids: (await host.state(() => true)).order });
    const bad = await choose('{"format":"culvert-backup"}');
    await bad.locator('.field-error').waitFor();
    await page.keyboard.press('Escape');
    const restore = await choose(file.text);
    await restore.getByText('server.example').waitFor();
    await button(restore, 'Restore').click();
    await host.state((state) => state.order.length === 1);
    expect(opened.complaints).toEqual([]);
  });
});

describe('a form that was changed', () => {
  it('asks before *back* leaves it, stays where it was, and goes when it may', async () => {
    const { order } = await host.state(() => true);
    await goTo(page, 'home');
    await goTo(page, `profiles/${order[0]}`);
    const name = page.getByLabel('Name', { exact: false }).first();
    await name.fill('changed');
    await page.goBack();
    const question = page.getByRole('dialog', { name: 'Leave without saving?' });
    await button(question, 'Cancel').click();
    await question.waitFor({ state: 'detached' });
    expect(page.url()).toMatch(/#\/profiles\//);
    expect(await name.inputValue()).toBe('changed');
    // A question that gives way to something else is a no.
    await page.goBack();
    await question.waitFor();
    await page.keyboard.press('Control+k');
    await question.waitFor({ state: 'detached' });
    expect(await name.inputValue()).toBe('changed');
    expect(page.url()).toMatch(/#\/profiles\//);

    await page.goBack();
    await button(question, 'Discard changes').click();
    await page.locator('.hero').waitFor();
    expect(page.url()).toMatch(/#\/home$/);
    await goTo(page, 'profiles');
    expect(await page.locator('.editor').count()).toBe(0);
  });

  it('asks on the screen of the server too, and outlives its switch', async () => {
    const bind = { host: '127.0.0.1', port: await freePort() };
    await host.client.server.configure({ change: { bind } });
    await goTo(page, 'server');
    const address = page.getByLabel('Address to give out');
    await address.fill('home.example');
    await page.getByRole('switch').click();
    await page.getByText(`:${bind.port}`, { exact: false }).first().waitFor();
    await host.state(({ server }) => server.state.kind === 'running');
    await page.getByRole('switch').click();
    await host.state(({ server }) => server.state.kind === 'stopped');
    expect(await address.inputValue()).toBe('home.example');
    await page.getByRole('link', { name: 'Logs' }).click();
    const question = page.getByRole('dialog', { name: 'Leave without saving?' });
    await button(question, 'Discard changes').click();
    await page.waitForFunction(() => location.hash === '#/logs');
  });
});

describe('the server', () => {
  it('stops one of those who are connected', async () => {
    await goTo(page, 'server');
    const port = await freePort();
    await host.client.server.configure({ change: { bind: { host: '127.0.0.1', port } } });
    await host.client.server.start();
    await host.state(({ server }) => server.state.kind === 'running');
    const { text } = await host.client.server.revealKey();
    const ids = await host.add(`culvert -w -D 0 127.0.0.1:${port} -p ${text}`);
    await host.client.profiles.connect({ ids: [...ids] });
    const stop = page.getByRole('button', { name: /^Disconnect 127\.0\.0\.1:\d+$/ });
    await stop.waitFor();
    const first = await stop.getAttribute('aria-label');
    await stop.click();
    // Its session is gone; a client that is on comes back with another one.
    await page.getByRole('button', { name: first ?? '', exact: true }).waitFor({ state: 'detached' });
    await host.state(({ statuses }) => statuses[ids[0]].lastFailure !== null);
    await host.client.profiles.disconnect({ ids: [...ids] });
    await page.getByText('Nobody is connected', { exact: false }).waitFor();
    await host.client.server.stop();
    expect(opened.complaints).toEqual([]);
  });
});

describe('the log', () => {
  it('is exported as it is filtered, without what is private', async () => {
    host.rig.host.log('warn', `a first line with ${key}`);
    host.rig.host.log('warn', 'another line');
    await goTo(page, 'logs');
    await page.getByLabel('Filter the log').fill('first line');
    await page.getByText('a first line', { exact: false }).first().waitFor();
    const file = await saved(() => button(page, 'Export').click());
    expect(file.name).toMatch(/^culvert-\d{4}-\d\d-\d\d\.log$/);
    expect(file.text).toMatch(/a first line with \[secret\]\n/);
    expect(file.text).not.toContain('another line');
  });
});

describe('the keys', () => {
  it('are sealed with a passphrase, locked at the next start, and unlocked in the page that stayed open', async () => {
    await goTo(page, 'settings');
    await button(page, 'Change').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Sealed with a passphrase', { exact: false }).check();
    expect(await button(dialog, 'Save').isDisabled()).toBe(true);
    await type(dialog, 'open sesame', 'open sesame');
    await button(dialog, 'Save').click();
    await host.state(({ secrets }) => secrets.store === 'passphrase' && !secrets.locked);
    expect(readFileSync(join(folder, 'data/secrets.json'), 'utf8')).not.toContain(key);

    await host.close();
    await page.getByText('No answer from Culvert.', { exact: false }).waitFor();
    const port = Number(new URL(host.url).port);
    host = await UiHost.start({ port, directory: join(folder, 'data') });
    await button(page.locator('.banner'), 'Unlock').click();
    const unlock = page.getByRole('dialog', { name: 'Unlock the keys' });
    await type(unlock, 'wrong');
    await button(unlock, 'Unlock').click();
    await unlock.getByText('Wrong passphrase').waitFor();
    await type(unlock, 'open sesame');
    await button(unlock, 'Unlock').click();
    await unlock.waitFor({ state: 'detached' });
    expect(await page.getByRole('dialog').count()).toBe(0);
    const { profiles, order } = await host.state(({ secrets }) => !secrets.locked);
    expect(profiles[order[0]].secrets.key.kind).toBe('set');
    await page.locator('.banner').waitFor({ state: 'detached' });
  });
});
