import { plainAddress } from '../wire/inet.ts';
import { readMessage } from './byte-reader.ts';
import { cutAfter, type Dialog, openAndJoin, refuse } from './dialect.ts';
import { HttpForwarder } from './http-forward.ts';
import { parseRequestHead, valuesOf } from './http-head.ts';
import { authPage, CONNECT_ESTABLISHED, failurePage, portPage, statusPage } from './http-pages.ts';
import { classify } from './http-proxy.ts';
import { checkBasic } from './proxy-auth.ts';

/** How long a client's connection may stay open between two absolute-form requests, in ms. */
export const KEEP_ALIVE_MS = 120_000;

/** Speaks the HTTP proxy protocol until the connection closes or becomes a tunnel. Rejects when it is lost. */
export async function serveHttp(dialog: Dialog, firstHeadDone: () => void): Promise<void> {
  const { socket, reader } = dialog;
  const forwarder = new HttpForwarder(socket, reader, dialog.opener, dialog.clock, dialog.idleTimeoutMs);
  let stopTimer = firstHeadDone;
  try {
    for (;;) {
      const head = await readMessage(reader, parseRequestHead, () => {
        if (stopTimer === firstHeadDone) return;
        stopTimer();
        stopTimer = cutAfter(dialog, dialog.headTimeoutMs);
      });
      stopTimer();
      if (head.kind === 'ended') {
        forwarder.close();
        return head.empty ? finish(dialog) : refuse(dialog, 'HTTP: ended within a request head');
      }
      if (head.kind === 'bad') return refuse(dialog, `HTTP: ${head.reason}`, badPage(head));

      const wanted = classify(head);
      // Before authentication: the page tells nothing but what the port is, and a browser would ask for a
      // proxy password that the person at it has no reason to know.
      if (wanted.kind === 'direct') {
        const port = { host: plainAddress(socket.localAddress ?? '127.0.0.1'), port: socket.localPort ?? 0 };
        return refuse(dialog, 'HTTP: not a proxy request', portPage(port, wanted.method));
      }
      if (
        dialog.auth !== undefined &&
        !checkBasic(dialog.auth, valuesOf(head.fields, 'proxy-authorization')[0])
      ) {
        return refuse(dialog, 'HTTP: no or wrong user and password', authPage(head.method));
      }
      switch (wanted.kind) {
        case 'bad':
          return refuse(dialog, `HTTP: ${wanted.reason}`, badPage(wanted, head.method));
        case 'connect':
          forwarder.close();
          return openAndJoin(dialog, wanted.target, {
            opened: CONNECT_ESTABLISHED,
            failed: (failure, message) => failurePage(wanted.target, failure, message, head.method),
          });
        case 'forward':
          if (!(await forwarder.exchange(wanted.request))) return forwarder.close();
      }
      stopTimer = cutAfter(dialog, Math.min(KEEP_ALIVE_MS, dialog.idleTimeoutMs || KEEP_ALIVE_MS));
    }
  } finally {
    stopTimer();
  }
}

function finish(dialog: Dialog): void {
  dialog.reader.detach();
  dialog.socket.end();
}

function badPage(bad: { status: number; reason: string }, method?: string): Buffer {
  const text = `Culvert's proxy port does not forward this request: ${bad.reason}.`;
  return statusPage(bad.status, text, method === undefined ? {} : { method });
}
