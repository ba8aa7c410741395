import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { it } from 'vitest';
import { freePort } from '../bench/rig.ts';
import { CulvertLab, makeKey } from '../support/culvert-process.ts';
import { root } from '../support/sources.ts';
import { goTo, openBrowser, openPage, SCREENS, UiHost } from './ui-rig.ts';

/** Every screen, light and dark, in both languages, over the real host with real traffic, in a folder git ignores. */
const FOLDER = join(root, 'test/ui/screenshots');
const LOOKS = (['light', 'dark'] as const).flatMap((theme) =>
  (['en', 'zh-CN'] as const).map((language) => ({ theme, language })),
);

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
