/** The page's pipe in the desktop app: a message port, which the preload script hands over by a message of the window. */
import { type PipeSocket, socketOfPort } from '../../src-shared/pipe.ts';

/** What src-main/shell/preload.cts puts into the page. */
export interface ShellBridge {
  connect(): void;
  onOpened(take: (text: string) => void): void;
}

/** undefined: the page was served to a browser. */
export function findShell(from: object = globalThis): ShellBridge | undefined {
  const bridge = 'culvertShell' in from ? from.culvertShell : undefined;
  return isBridge(bridge) ? bridge : undefined;
}

function isBridge(value: unknown): value is ShellBridge {
  return typeof value === 'object' && value !== null && 'connect' in value && 'onOpened' in value;
}

/** The main process answers at once; without an answer the page tries again. */
const ANSWER_MS = 5_000;

/** Asks for a port and looks like a WebSocket that is being opened meanwhile. */
export function openShellPort(shell: ShellBridge): PipeSocket {
  const waiting = new EventTarget();
  let socket: PipeSocket | undefined;
  let state: PipeSocket['readyState'] = 0;
  const settle = (type: 'open' | 'close'): void => {
    clearTimeout(timer);
    removeEventListener('message', take);
    state = type === 'open' ? 1 : 3;
    waiting.dispatchEvent(new Event(type));
  };
  const take = (event: MessageEvent): void => {
    // From this very window: a frame or another window has no business here.
    if (event.source !== window || event.data !== 'culvert:port' || event.ports.length !== 1) return;
    const opened = socketOfPort(event.ports[0]);
    socket = opened;
    for (const [type, listener] of early) opened.addEventListener(type, listener);
    settle('open');
  };
  const timer = setTimeout(() => settle('close'), ANSWER_MS);
  const early: Array<[type: string, listener: Parameters<PipeSocket['addEventListener']>[1]]> = [];
  addEventListener('message', take);
  shell.connect();
  return {
    get readyState() {
      return socket?.readyState ?? state;
    },
    send(data) {
      if (socket === undefined) throw new Error('the port is not open');
      socket.send(data);
    },
    addEventListener(type, listener, options) {
      waiting.addEventListener(type, listener as EventListener, options as AddEventListenerOptions);
      if (socket !== undefined) socket.addEventListener(type, listener);
      else early.push([type, listener]);
    },
    removeEventListener(type, listener) {
      waiting.removeEventListener(type, listener as EventListener);
      socket?.removeEventListener(type, listener);
    },
    close() {
      if (socket !== undefined) socket.close();
      else if (state === 0) settle('close');
    },
  };
}
