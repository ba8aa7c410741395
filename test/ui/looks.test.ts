import { createServer } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../../src-shared/i18n/messages.ts';
import { zhCn } from '../../src-shared/i18n/zh-cn.ts';
import { freePort } from '../bench/rig.ts';
import { CulvertLab, makeKey } from '../support/culvert-process.ts';
import { goTo, openBrowser, openPage, SCREENS, seriousProblems, UiHost } from './ui-rig.ts';

/** Every text of a language. */
function leaves(texts: object): string[] {
  return Object.values(texts).flatMap((value) => (typeof value === 'string' ? [value] : leaves(value)));
}

/** Every word that the page shows or says: texts, labels, hints, placeholders. */
function wordsOf(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode())
      found.push(node.textContent ?? '');
    for (const element of document.querySelectorAll('[aria-label], [title], [placeholder]')) {
      for (const name of ['aria-label', 'title', 'placeholder']) found.push(element.getAttribute(name) ?? '');
    }
    return found.map((text) => text.trim()).filter(Boolean);
  });
}

/** What is cut off: beyond the window, or hidden in its own box, where nothing scrolls and no dots say so. */
function cutOff(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const problems: string[] = [];
    if (document.documentElement.scrollWidth > innerWidth) problems.push('the page scrolls sideways');
    const name = (element: Element) =>
      `${element.tagName}.${element.className} "${element.textContent?.slice(0, 40)}"`;
    const scrollsSideways = (element: Element) => {
      for (let at = element.parentElement; at !== null; at = at.parentElement) {
        if (['auto', 'scroll'].includes(getComputedStyle(at).overflowX) && at.scrollWidth > at.clientWidth)
          return true;
      }
      return false;
    };
    const told = 'button, a, label, h1, h2, h3, p, th, td, dt, dd, legend, input, select, kbd, .badge';
    for (const element of document.querySelectorAll(told)) {
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      if (box.width < 2 || box.height < 2 || element.closest('.visually-hidden, .skip')) continue;
      if ((box.right > innerWidth + 1 || box.left < -1) && !scrollsSideways(element))
        problems.push(`beyond the window: ${name(element)}`);
      const hides = style.overflowX === 'hidden' || style.overflowX === 'clip';
      if (hides && style.textOverflow !== 'ellipsis' && element.scrollWidth > element.clientWidth + 1)
        problems.push(`cut off: ${name(element)}`);
      if (element.matches('button, select') && element.scrollWidth > element.clientWidth + 1)
        problems.push(`too long for its button: ${name(element)}`);
    }
    return problems;
  });
}

describe('how the page looks', () => {
  const lab = new CulvertLab();
  let browser: Browser;
  let host: UiHost;
  let connected = '';
  let connecting = '';
  beforeAll(async () => {
    [browser, host] = await Promise.all([openBrowser(), UiHost.start()]);
    const server = await lab.server();
    const target = await lab.tcp((socket) => socket.pipe(socket));
    const silent = await lab.listen(createServer());
    const [port, other] = [await freePort(), await freePort()];
    // Connected, with a rule whose port is taken; with a wrong key; on its way without end; and off.
    const lines = [
      `culvert -w -L ${port}::${target} -D ${silent} 127.0.0.1:${server.port} -p ${server.key}`,
      `culvert -w -L ${other}::${target} 127.0.0.1:${server.port} -p ${makeKey()}`,
      `culvert -w -D 0 127.0.0.1:${silent} -p ${server.key}`,
      `culvert -w -D 1080 a-rather-long-name-of-a-server.with-many-labels.example.net:8443 -p ${server.key}`,
    ];
    const ids: string[] = [];
    for (const line of lines) ids.push(...(await host.add(line)));
    [connected, , connecting] = ids;
    await host.client.profiles.connect({ ids: ids.slice(0, 3) });
    await host.client.server.configure({ change: { bind: { host: '127.0.0.1', port: await freePort() } } });
    await host.client.server.start();
    await host.state(({ statuses, server: own }) => {
      const kinds = ids.map((id) => statuses[id].connection.kind);
      return `${kinds}` === 'connected,failed,connecting,stopped' && own.state.kind === 'running';
    });
  });
  afterAll(async () => {
    await browser?.close();
    await host?.close();
    await lab.close();
  });

  /** An attempt ends after a while: this begins another. */
  const connectAgain = async () => {
    await host.client.profiles.disconnect({ ids: [connecting] });
    await host.client.profiles.connect({ ids: [connecting] });
    await host.state(({ statuses }) => statuses[connecting].connection.kind === 'connecting');
  };
  const editor = () => `profiles/${connected}`;
  const all = () => [...SCREENS, 'profiles/new', editor(), `rules/${connected}`];

  it.each(['light', 'dark'] as const)(
    'has no serious problem for assistive technology, %s',
    async (theme) => {
      const { page, complaints } = await openPage(browser, host.url, { theme });
      for (const screen of all()) {
        await goTo(page, screen);
        expect(await seriousProblems(page), screen).toEqual([]);
      }
      // What lies over the screens.
      await page.keyboard.press('Control+k');
      await page.waitForSelector('.palette[open]');
      expect(await seriousProblems(page), 'palette').toEqual([]);
      await page.keyboard.press('Escape');
      for (const [screen, button] of [
        ['rules', 'Add a rule'],
        ['profiles', 'Import'],
        [editor(), 'Share'],
        ['settings', 'Back up'],
        ['settings', 'Change'],
      ]) {
        await goTo(page, screen);
        await page.getByRole('button', { name: button, exact: true }).click();
        await page.waitForSelector('dialog[open]');
        expect(await seriousProblems(page), button).toEqual([]);
        await page.keyboard.press('Escape');
        await page.waitForSelector('dialog[open]', { state: 'detached' });
      }
      expect(complaints).toEqual([]);
    },
  );

  it('speaks Chinese throughout', async () => {
    const { page, complaints } = await openPage(browser, host.url, { language: 'zh-CN' });
    const chinese = new Set(leaves(zhCn));
    const english = leaves(en).filter((text) => !chinese.has(text) && /[a-z]{3}/i.test(text));
    const pattern = (text: string) =>
      new RegExp(
        `^${text
          .split(/\{\{\w+\}\}/)
          .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
          .join('.+')}$`,
      );
    // A text of nothing but what is filled in would fit everything.
    const patterns = english
      .filter((text) => /[a-z]{3}/i.test(text.replace(/\{\{\w+\}\}/g, '')))
      .map(pattern);
    for (const screen of all()) {
      await goTo(page, screen);
      const left = (await wordsOf(page)).filter((text) => patterns.some((one) => one.test(text)));
      expect(left, screen).toEqual([]);
    }
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('zh-CN');
    expect(complaints).toEqual([]);
  });

  // 200 % zoom halves what a window holds: 960x640 becomes 480x320, and 720x480 becomes 360x240.
  it.each([
    [720, 480, 1, 'en'],
    [720, 480, 1, 'zh-CN'],
    [480, 320, 2, 'en'],
    [360, 240, 2, 'en'],
    [360, 240, 2, 'zh-CN'],
  ] as const)('cuts nothing off at %dx%d, scale %d, %s', async (width, height, scale, language) => {
    const { page, complaints } = await openPage(browser, host.url, { width, height, scale, language });
    for (const screen of all()) {
      await goTo(page, screen);
      await page.evaluate(() => {
        for (const folded of document.querySelectorAll('details')) folded.open = true;
      });
      expect(await cutOff(page), screen).toEqual([]);
    }
    expect(complaints).toEqual([]);
  });

  it('tells states apart without colour', async () => {
    const { page } = await openPage(browser, host.url);
    const session = await page.context().newCDPSession(page);
    await session.send('Emulation.setEmulatedVisionDeficiency', { type: 'achromatopsia' });
    await goTo(page, 'profiles');
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await connectAgain();
    await page.waitForSelector('.mark-connecting');
    const rows = page.locator('.profile-row');
    expect(await rows.count()).toBe(4);
    const seen = new Set<string>();
    const words = new Set<string>();
    for (const row of await rows.all()) {
      seen.add((await row.locator('.mark').first().screenshot()).toString('base64'));
      words.add((await row.locator('.profile-state').textContent()) ?? '');
    }
    expect(seen.size).toBe(4);
    expect([...words].sort()).toEqual(['Connected', 'Connecting', 'Failed', 'Stopped']);
  });

  it('moves nothing for those who ask for less motion', async () => {
    const moving = (page: Page) => page.evaluate(() => document.getAnimations().length);
    await connectAgain();
    const usual = await openPage(browser, host.url);
    await goTo(usual.page, 'profiles');
    await usual.page.waitForSelector('.mark-connecting');
    expect(await moving(usual.page)).toBeGreaterThan(0);
    const { page } = await openPage(browser, host.url, { reducedMotion: true });
    await goTo(page, 'profiles');
    await page.waitForSelector('.mark-connecting');
    expect(await moving(page)).toBe(0);
  });
});
