import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { WebServer } from '../../src-main/host/web-server.ts';
import { importText } from '../../src-shared/import.ts';
import { findProgram } from '../bench/rig.ts';
import { engineThread, type HostClient, HostRig, stateUntil } from '../support/host-rig.ts';

/** Debian's Chromium is `chromium`; other systems have Chrome by these names. */
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** Without these a browser calls home, which a closed network answers with errors. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function openBrowser(): Promise<Browser> {
  const executablePath = BROWSERS.map(findProgram).find((path) => path !== undefined);
  if (executablePath === undefined)
    throw new Error('no Chromium is installed (Debian: apt install chromium)');
  return chromium.launch({ executablePath, args: FLAGS });
}

export interface Look {
  readonly theme?: 'light' | 'dark';
  readonly language?: 'en' | 'zh-CN';
  readonly width?: number;
  readonly height?: number;
  readonly reducedMotion?: boolean;
  readonly scale?: number;
}

/** How long one step may take, so that it is the step that fails and not the whole test. */
const STEP_MS = 8_000;

/** A page and everything it complained of: a console error and a breach of the CSP fail a test. */
export interface Opened {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly complaints: readonly string[];
}

export const SCREENS = ['home', 'profiles', 'rules', 'connections', 'server', 'logs', 'settings'] as const;

/** Opens a host's page. Every page has a context of its own, with cookies and storage of its own. */
export async function openPage(browser: Browser, url: string, look: Look = {}): Promise<Opened> {
  const { theme = 'light', language = 'en', width = 960, height = 640, reducedMotion, scale = 1 } = look;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    locale: language,
    deviceScaleFactor: scale,
    reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const complaints: string[] = [];
  const page = await context.newPage();
  page.setDefaultTimeout(STEP_MS);
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()))
      complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`thrown: ${error.message}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  await page.goto(url);
  await page.waitForSelector('.frame');
  return { page, context, complaints };
}

/** The address of a screen of an open page. */
export async function goTo(page: Page, screen: string): Promise<void> {
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `#/${screen}`);
  await page.waitForSelector('.screen');
}

/** What axe finds serious on the page as it is. */
export async function seriousProblems(page: Page): Promise<readonly string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: here } = window as unknown as { axe: typeof axe };
    // Without preloading: the page's policy rightly lets nothing fetch its style sheets.
    const { violations } = await here.run(document, { resultTypes: ['violations'], preload: false });
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
      );
  });
}

/** The host as it ships, with its engine in a thread, and its page, in a directory of its own. */
export class UiHost {
  readonly rig: HostRig;
  readonly client: HostClient;
  readonly url: string;
  private readonly web: WebServer;

  private constructor(rig: HostRig, web: WebServer, url: string, client: HostClient) {
    this.rig = rig;
    this.web = web;
    this.url = url;
    this.client = client;
  }

  /** `port` and `directory`: those of one that was closed, to start it again. */
  static async start({ port = 0, directory }: { port?: number; directory?: string } = {}): Promise<UiHost> {
    const rig = new HostRig({ startEngine: engineThread, directory });
    const token = 'A'.repeat(43);
    const web = new WebServer({ pipes: rig.pipes, token, listen: { host: '127.0.0.1', port } });
    const { url } = await web.start();
    return new UiHost(rig, web, url, rig.overPort());
  }

  state = (wanted: Parameters<typeof stateUntil>[1], limitMs?: number) =>
    stateUntil(this.client, wanted, limitMs);

  /** Profiles from command lines. Gives their ids. */
  async add(text: string): Promise<readonly string[]> {
    const read = importText(text);
    if (!read.ok) throw new Error(`${read.error.reason} ${read.error.part}`);
    const items = read.items.map(({ draft }) => ({ draft, replace: null }));
    return (await this.client.imports.apply({ items })).ids;
  }

  async close(): Promise<void> {
    await this.web.close();
    await this.rig.close();
  }
}
