import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SenderEvent } from '../../src-main/shell/electron-api.ts';
import { type DoubleApp, DoubleDriver } from './double-driver.ts';

describe('what no page may do', () => {
  const driver = new DoubleDriver();
  let app: DoubleApp;
  beforeAll(async () => {
    app = await driver.launch();
    await app.page();
  });
  afterAll(() => driver.close());

  const windowOf = () => {
    const { window } = app.electron;
    if (window === undefined) throw new Error('no window');
    return window;
  };

  it('has a page in the sandbox, isolated, without Node', () => {
    expect(windowOf().options.webPreferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
    });
  });

  it('sees of the shell two functions and nothing of Electron', async () => {
    const page = await app.page();
    const seen = await page.evaluate(() => ({
      bridge: Object.keys(Reflect.get(window, 'culvertShell')),
      require: typeof Reflect.get(window, 'require'),
      process: typeof Reflect.get(window, 'process'),
    }));
    expect(seen).toEqual({ bridge: ['connect', 'onOpened'], require: 'undefined', process: 'undefined' });
  });

  it('refuses every permission but the clipboard, and that to frames and other origins', () => {
    const { permissionRequest, permissionCheck } = app.electron;
    type Asked = Parameters<NonNullable<typeof permissionRequest>>;
    const ask = (permission: Asked[1], isMainFrame = true, requestingUrl = 'app://culvert/index.html') => {
      let answer: boolean | undefined;
      permissionRequest?.(
        {} as Asked[0],
        permission,
        (given) => {
          answer = given;
        },
        { isMainFrame, requestingUrl },
      );
      return answer;
    };
    const banned = ['media', 'geolocation', 'notifications', 'openExternal', 'fullscreen', 'midi'] as const;
    expect(banned.map((permission) => ask(permission))).toEqual(banned.map(() => false));
    for (const permission of ['clipboard-read', 'clipboard-sanitized-write'] as const) {
      expect(ask(permission)).toBe(true);
      expect(ask(permission, false)).toBe(false);
      expect(ask(permission, true, 'https://evil.test/')).toBe(false);
      expect(ask(permission, true, 'file:///index.html')).toBe(false);
    }
    const check = (permission: 'clipboard-read' | 'media' | 'usb', origin: string) =>
      permissionCheck?.(null, permission, origin, { isMainFrame: true });
    expect(check('clipboard-read', 'app://culvert/')).toBe(true);
    expect(check('clipboard-read', 'https://evil.test/')).toBe(false);
    expect(check('media', 'app://culvert/')).toBe(false);
    expect(check('usb', 'app://culvert/')).toBe(false);
  });

  it('does not leave its address, embeds nothing, and may load itself anew', () => {
    const { guarded } = windowOf();
    const stopped = (event: string, url: string, isMainFrame = true): boolean => {
      let prevented = false;
      guarded.emit(event, {
        url,
        isMainFrame,
        preventDefault: () => {
          prevented = true;
        },
      });
      return prevented;
    };
    const elsewhere = [
      'https://evil.test/',
      'file:///etc/passwd',
      'app://evil/',
      'app://culvert.evil.test/',
      'no',
    ];
    for (const event of ['will-navigate', 'will-frame-navigate']) {
      expect(elsewhere.map((url) => stopped(event, url))).toEqual(elsewhere.map(() => true));
      expect(stopped(event, 'app://culvert/index.html#/rules')).toBe(false);
    }
    expect(stopped('will-frame-navigate', 'app://culvert/index.html', false)).toBe(true);
    expect(stopped('will-redirect', 'app://culvert/index.html')).toBe(true);
    expect(stopped('will-attach-webview', '')).toBe(true);
  });

  it('in the real page: stays when it is sent elsewhere, opens nothing, and is there again after a reload', async () => {
    const page = await app.page();
    const before = app.electron.opened.length;
    await page.evaluate(() => {
      Reflect.set(window, 'mark', 1);
      location.href = 'https://evil.test/';
    });
    await page.evaluate(() => window.open('https://docs.test/'));
    await expect.poll(() => app.electron.opened.slice(before)).toEqual(['https://docs.test/']);
    expect(await page.evaluate(() => [location.pathname, Reflect.get(window, 'mark')])).toEqual([
      '/index.html',
      1,
    ]);
    await page.evaluate(() => location.reload());
    await page.waitForFunction(() => Reflect.get(window, 'mark') === undefined);
    await page.waitForSelector('.frame');
  });

  it('opens no window; a web address goes to the browser, anything else nowhere', () => {
    const { openHandler } = windowOf();
    const open = (url: string) =>
      openHandler?.({ url } as Parameters<NonNullable<typeof openHandler>>[0])?.action;
    const urls = [
      'https://example.test/',
      'file:///etc/passwd',
      'smb://host/x',
      'https://u:p@example.test/',
      'x',
    ];
    const before = app.electron.opened.length;
    expect(urls.map(open)).toEqual(urls.map(() => 'deny'));
    expect(app.electron.opened.slice(before)).toEqual(['https://example.test/']);
  });

  it.each<[string, Partial<SenderEvent['senderFrame'] & object>, number]>([
    ['another origin', { url: 'https://evil.test/' }, 1],
    ['a file', { url: 'file:///tmp/index.html' }, 1],
    ['a frame within the page', { url: 'app://culvert/index.html', parent: {} }, 1],
    ['a window that is not ours', { url: 'app://culvert/index.html' }, 99],
  ])('gives no port to %s', (_name, frame, id) => {
    const given: string[] = [];
    const senderFrame = {
      parent: null,
      url: '',
      ...frame,
      postMessage: (channel: string) => given.push(channel),
    };
    app.electron.ipc.emit('culvert:connect', { sender: { id }, senderFrame });
    app.electron.ipc.emit('culvert:connect', { sender: { id }, senderFrame: null });
    expect(given).toEqual([]);
  });

  it.each([
    'app://culvert/../package.json',
    'app://culvert/%2e%2e/package.json',
    'app://culvert/..%2f..%2fpackage.json',
    'app://culvert/..%5c..%5cpackage.json',
    'app://culvert/assets/../../../package.json',
    'app://culvert/index.html%00.js',
    'app://evil/index.html',
    'app://culvert/C:/Windows/win.ini',
    'app://culvert/nothing.js',
  ])('serves nothing for %s', async (url) => {
    const response = await app.electron.serve?.(new Request(url));
    const text = await response?.text();
    // What the URL parser itself makes harmless ends within the folder, where there is no such file.
    expect(response?.status).toBe(404);
    expect(text).toBe('There is nothing here.');
  });

  it('serves the page with its policy, and only by GET', async () => {
    const page = await app.electron.serve?.(new Request('app://culvert/'));
    expect(page?.status).toBe(200);
    const policy = page?.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*/);
    expect((await app.electron.serve?.(new Request('app://culvert/', { method: 'POST' })))?.status).toBe(405);
  });

  it('runs no inline script and reaches no other origin, in the real page', async () => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked++;
      response.end('x');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const page = await app.page();
    const result = await page.evaluate(async (url) => {
      const violations = new Set<string>();
      const three = new Promise<void>((resolve) => {
        document.addEventListener('securitypolicyviolation', (event) => {
          if (violations.add(event.effectiveDirective).size === 3) resolve();
        });
      });
      const script = document.createElement('script');
      script.textContent = 'window.ran = true';
      document.body.append(script);
      const fetched = await fetch(url).then(
        () => true,
        () => false,
      );
      const frame = document.createElement('iframe');
      frame.src = url;
      document.body.append(frame);
      await three;
      return { ran: Reflect.get(window, 'ran') === true, fetched, violations: [...violations].sort() };
    }, `http://127.0.0.1:${port}/`);
    server.close();
    expect(result).toEqual({
      ran: false,
      fetched: false,
      violations: ['connect-src', 'frame-src', 'script-src-elem'],
    });
    expect(asked).toBe(0);
  });
});
