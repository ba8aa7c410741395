/** What no page may do, whatever it has become: leave, open, embed, ask for permissions, speak from elsewhere. */
import type { AppSlice, GuardedContents, SenderEvent, SessionSlice, ShellSlice } from './electron-api.ts';
import { PAGE_ORIGIN } from './page-scheme.ts';

/** The page copies to the clipboard and reads a link from it at a person's wish; nothing else is granted. */
const GRANTED: ReadonlySet<string> = new Set(['clipboard-read', 'clipboard-sanitized-write']);

export function isPageUrl(text: string): boolean {
  try {
    const { protocol, host } = new URL(text);
    return `${protocol}//${host}` === PAGE_ORIGIN;
  } catch {
    return false;
  }
}

/** Whether a message came from the page itself: the top frame of one of our windows, at our address. */
export function isTrustedSender(event: SenderEvent, isOurs: (contentsId: number) => boolean): boolean {
  const { senderFrame: frame, sender } = event;
  return frame !== null && frame.parent === null && isPageUrl(frame.url) && isOurs(sender.id);
}

export function guardSession(session: SessionSlice): void {
  const granted = (permission: string, origin: string): boolean =>
    GRANTED.has(permission) && isPageUrl(origin);
  session.setPermissionRequestHandler((_contents, permission, answer, details) => {
    answer(details.isMainFrame && granted(permission, details.requestingUrl));
  });
  session.setPermissionCheckHandler((_contents, permission, origin) => granted(permission, origin));
}

/** Every page that is ever made, also one that should not be. */
export function guardPages(app: AppSlice, shell: ShellSlice): void {
  app.on('web-contents-created', (_event, contents) => guardContents(contents, shell));
}

function guardContents(contents: GuardedContents, shell: ShellSlice): void {
  // Of the top frame both come, of others the first alone. The page's own reload is a navigation to itself.
  contents.on('will-frame-navigate', (navigation) => {
    if (!navigation.isMainFrame || !isPageUrl(navigation.url)) navigation.preventDefault();
  });
  contents.on('will-navigate', (navigation) => {
    if (!isPageUrl(navigation.url)) navigation.preventDefault();
  });
  // Nothing at our address redirects.
  contents.on('will-redirect', (navigation) => navigation.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    if (isWebUrl(url)) void shell.openExternal(url).catch(() => {});
    return { action: 'deny' };
  });
}

/** What the system's browser may be asked to open. Other schemes start programs. */
function isWebUrl(text: string): boolean {
  try {
    const { protocol, username, password } = new URL(text);
    return ['https:', 'http:'].includes(protocol) && username === '' && password === '';
  } catch {
    return false;
  }
}
