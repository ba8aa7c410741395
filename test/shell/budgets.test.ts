import { afterAll, describe, expect, it } from 'vitest';
import { DoubleDriver } from './double-driver.ts';

/**
 * What of the budgets the double can tell: time on the processor, which other work on the machine changes little. The wall
 * clock, and what Electron's own processes take, are measured in real Electron (electron.scenarios.ts).
 */
describe('the budgets, over the double', () => {
  const driver = new DoubleDriver();
  afterAll(() => driver.close());

  it('has its window back within 500 ms: of the page, from nothing to drawn, and of the app', async () => {
    const app = await driver.launch();
    await app.page();
    const pages: number[] = [];
    const apps: number[] = [];
    for (let time = 0; time < 3; time++) {
      await app.closeWindow();
      const before = process.cpuUsage();
      await app.click({ kind: 'open' });
      const { window } = app.electron;
      if (window === undefined) throw new Error('there is no window');
      const page = await window.page;
      const session = await page.context().newCDPSession(page);
      await session.send('Performance.enable', { timeDomain: 'threadTicks' });
      await page.waitForSelector('.frame');
      const { metrics } = await session.send('Performance.getMetrics');
      pages.push(1_000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN));
      // With what drives the browser in it.
      const { user, system } = process.cpuUsage(before);
      apps.push((user + system) / 1_000);
    }
    console.log(
      `window back: page ${pages.map(Math.round).join(', ')} ms, app ${apps.map(Math.round).join(', ')} ms`,
    );
    expect(Math.min(...pages)).toBeGreaterThan(10);
    expect(Math.min(...pages) + Math.min(...apps)).toBeLessThan(500);
    // Of a window that is closed nothing is left: no page, and no pipe to be told of changes.
    await app.closeWindow();
    expect(app.electron.windows.every((window) => window.isDestroyed())).toBe(true);
    await expect.poll(() => app.electron.openPorts).toBe(0);
    await app.quit();
  });
});
