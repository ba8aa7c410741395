import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { it } from 'vitest';
import { draftOf } from '../../src-shared/profile.ts';
import { freePort } from '../bench/rig.ts';
import { CulvertLab, makeKey } from '../support/culvert-process.ts';
import { root } from '../support/sources.ts';
import { goTo, openBrowser, openPage, SCREENS, UiHost } from './ui-rig.ts';

/** Every screen, light and dark, in both languages, over the real host with real traffic, in a folder git ignores. */
const FOLDER = join(root, 'test/ui/screenshots');
const LOOKS = (['light', 'dark'] as const).flatMap((theme) =>
  (['en', 'zh-CN'] as const).map((language) => ({ theme, language })),
);

/** How long a graph runs until it is worth a look, ms. */
const GRAPH_MS = 45_000;

/** The pictures of the README: all is well, and traffic flows. Taken over into assets/ by hand. */
async function forReadme(browser: Browser, host: UiHost, lab: CulvertLab): Promise<void> {
  const server = await lab.server();
  const target = await lab.tcp((socket) => socket.pipe(socket));
  const [web, proxy] = [await freePort(), await freePort()];
  const line = `culvert -w -L ${web}::${target} -D ${proxy} 127.0.0.1:${server.port} -p ${server.key}`;
  const ids = [
    ...(await host.add(line)),
    ...(await host.add(`culvert -D 1081 office.example:443 -p ${makeKey()}`)),
  ];
  for (const [index, name] of ['Home server', 'Office'].entries()) {
    const profile = (await host.state(() => true)).profiles[ids[index]];
    const draft = { ...draftOf(profile), name };
    await host.client.profiles.update({ id: profile.id, revision: profile.revision, draft });
  }
  await host.client.profiles.connect({ ids: [ids[0]] });
  await host.client.tryIt.start();
  await new Promise((resolve) => setTimeout(resolve, GRAPH_MS));
  for (const theme of ['light', 'dark'] as const) {
    const { page, context } = await openPage(browser, host.url, { theme });
    await shoot(page, `readme-home-${theme}`);
    await goTo(page, `rules/${ids[0]}`);
    await shoot(page, `readme-rules-${theme}`);
    await context.close();
  }
  await host.client.tryIt.stop();
  await host.client.profiles.remove({ ids });
}

async function shoot(page: Page, name: string): Promise<void> {
  // Fonts and the first figures; pictures prove nothing, so a pause will do.
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(700);
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
}

it('takes pictures', async () => {
  mkdirSync(FOLDER, { recursive: true });
  const lab = new CulvertLab();
  const [browser, host] = await Promise.all([openBrowser(), UiHost.start()]);
  try {
    for (const look of LOOKS) {
      const { page, context } = await openPage(browser, host.url, look);
      await shoot(page, `first-run-${look.theme}-${look.language}`);
      await context.close();
    }
    await forReadme(browser, host, lab);
    const server = await lab.server();
    const target = await lab.tcp((socket) => socket.pipe(socket));
    const taken = await lab.tcp(() => {});
    const [web, office] = [await freePort(), await freePort()];
    const ids = [
      ...(await host.add(
        `culvert -w -L ${web}::${target} -D ${taken} localhost:${server.port} -p ${server.key}`,
      )),
      ...(await host.add(`culvert -D ${office} gateway.office.example:443 -p ${makeKey()}`)),
      ...(await host.add(`culvert -w -L 5432:db.internal:5432 127.0.0.1:${server.port} -p ${makeKey()}`)),
    ];
    await host.client.profiles.connect({ ids: [ids[0], ids[2]] });
    await host.client.server.configure({ change: { bind: { host: '127.0.0.1', port: await freePort() } } });
    await host.client.server.start();
    await host.client.tryIt.start();
    await host.state(({ statuses }) => statuses[ids[0]].connection.kind === 'connected');
    for (const look of LOOKS) {
      const { page, context } = await openPage(browser, host.url, look);
      const name = (screen: string) => `${screen}-${look.theme}-${look.language}`;
      await page.waitForTimeout(2_000);
      for (const screen of SCREENS) {
        await goTo(page, screen);
        await shoot(page, name(screen));
      }
      await goTo(page, `profiles/${ids[0]}`);
      await shoot(page, name('editor'));
      await goTo(page, `rules/${ids[0]}`);
      await page.locator('.bar .button-primary').click();
      await shoot(page, name('rule'));
      await page.keyboard.press('Escape');
      await page.keyboard.press('Control+k');
      await shoot(page, name('palette'));
      await context.close();
      const narrow = await openPage(browser, host.url, { ...look, width: 720, height: 480 });
      await shoot(narrow.page, name('home-720x480'));
      await narrow.context.close();
    }
  } finally {
    await browser.close();
    await host.close();
    await lab.close();
  }
});
