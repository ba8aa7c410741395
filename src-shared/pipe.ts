/**
 * A message port that looks like a WebSocket, so that the contract has one implementation over both: the library's
 * WebSocket handler and link. Its own ones for ports leave a call unanswered when the port closes, and let an ill-formed
 * message end the process by a rejection that nobody handles.
 */
import { MAX_BACKUP_TEXT } from './limits.ts';

/** A page's or a Node worker's port. */
interface EventPort {
  postMessage(data: unknown): void;
  addEventListener(type: string, listener: (event: unknown) => void): void;
  start?(): void;
  close(): void;
}
/** Electron's port in the main process. */
interface EmitterPort {
  postMessage(data: unknown): void;
  on(type: string, listener: (event: unknown) => void): unknown;
  start(): void;
  close(): void;
}
export type PortLike = EventPort | EmitterPort;

type Listener = ((event: never) => void) | { handleEvent(event: never): void };

/** As much of a WebSocket as both ends of the library use. */
export interface PipeSocket {
  readonly readyState: 0 | 1 | 2 | 3;
  send(data: unknown): void;
  addEventListener(type: string, listener: Listener, options?: unknown): void;
  removeEventListener(type: string, listener: Listener): void;
  close(): void;
}

const OPEN = 1;
const CLOSED = 3;

/**
 * Characters of one message: a backup, twice as long where every character is escaped. Give a WebSocket server as much
 * for its `maxPayload`.
 */
export const MAX_MESSAGE = 2 * MAX_BACKUP_TEXT + 65_536;

/** Takes the port over: starts it, and from then on nothing else should listen to it. Messages are text. */
export function socketOfPort(port: PortLike): PipeSocket {
  const listeners = new Map<string, Set<Listener>>();
  let readyState: PipeSocket['readyState'] = OPEN;
  const dispatch = (type: string, event: { type: string; data?: unknown }) => {
    for (const listener of [...(listeners.get(type) ?? [])]) {
      if (typeof listener === 'function') listener(event as never);
      else listener.handleEvent(event as never);
    }
  };
  const closed = () => {
    if (readyState === CLOSED) return;
    readyState = CLOSED;
    dispatch('close', { type: 'close' });
  };
  const listen = (type: string, listener: (event: unknown) => void) => {
    if ('addEventListener' in port) port.addEventListener(type, listener);
    else port.on(type, listener);
  };
  listen('message', (event) => {
    const data = typeof event === 'object' && event !== null && 'data' in event ? event.data : undefined;
    // Structured clones of anything else are not of this contract.
    if (typeof data === 'string' && data.length <= MAX_MESSAGE)
      dispatch('message', { type: 'message', data });
  });
  listen('close', closed);
  port.start?.();
  return {
    get readyState() {
      return readyState;
    },
    send(data) {
      if (readyState !== OPEN) throw new Error('the port is closed');
      port.postMessage(data);
    },
    addEventListener(type, listener) {
      const set = listeners.get(type) ?? new Set();
      listeners.set(type, set.add(listener));
    },
    removeEventListener(type, listener) {
      listeners.get(type)?.delete(listener);
    },
    close() {
      port.close();
      // Some ports tell only the other end.
      closed();
    },
  };
}
