/**
 * The page's end of the pipe: connects, listens to the state, and notices within two seconds when nobody answers.
 *
 * ```
 * connect ─► hello ─► state.watch ─► up ── no answer to a ping, or closed ──► gone ─► wait ─► connect …
 * ```
 */
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { ResponseValidationPlugin } from '@orpc/contract/plugins';
import { type Contract, contract } from '../../src-shared/contract.ts';
import { CONTRACT_VERSION } from '../../src-shared/contract-system.ts';
import type { Failure } from '../../src-shared/errors.ts';
import type { PipeSocket } from '../../src-shared/pipe.ts';
import { setLink, store, takeEvent } from '../store.ts';

export type Client = ContractRouterClient<Contract>;

/** How often the pipe is asked, and how long an answer may take, ms. Together below the two seconds promised. */
const PING_EVERY_MS = 500;
const PING_LIMIT_MS = 1_200;
/** Pauses between attempts, ms: quick at first, since a host that was restarted is back at once. */
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;

export type OpenSocket = () => PipeSocket | WebSocket;

let client: Client | undefined;

/** The host's calls. Throws a failure, as a call would, while there is no pipe. */
export function host(): Client {
  if (client !== undefined) return client;
  const failure: Failure = { code: 'ERR_PIPE_CLOSED', message: 'no connection to the host' };
  throw Object.assign(new Error(failure.message), { data: failure });
}

/** Where a page that was served by a host finds its pipe: beside itself. */
export function openWebSocket(): WebSocket {
  const url = new URL('pipe', document.baseURI);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  return new WebSocket(url);
}

/** Keeps a connection for as long as the page lives. */
export async function keepConnected(open: OpenSocket): Promise<never> {
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    const up = await session(open);
    client = undefined;
    if (store.getState().link !== 'outdated' && store.getState().app !== undefined) setLink('gone');
    if (up) pause = FIRST_PAUSE_MS;
    await wait(pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

/** One connection from its opening to its end. Answers whether it was ever of use. */
async function session(open: OpenSocket): Promise<boolean> {
  const socket = open() as WebSocket;
  const end = new AbortController();
  socket.addEventListener('close', () => end.abort());
  socket.addEventListener('error', () => end.abort());
  const api: Client = createORPCClient(
    new RPCLink({ websocket: socket, plugins: [new ResponseValidationPlugin(contract)] }),
  );
  let up = false;
  try {
    const hello = await until(api.system.hello({ contract: CONTRACT_VERSION }), end.signal);
    if (hello.contract !== CONTRACT_VERSION) {
      setLink('outdated');
      return false;
    }
    client = api;
    up = true;
    void keepAsking(api, end);
    while (!end.signal.aborted) await watchState(api, end.signal);
  } catch {
    // Whatever it was: the next connection begins from the start, with a new snapshot.
  } finally {
    end.abort();
    socket.close();
  }
  return up;
}

async function watchState(api: Client, signal: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const events = await until(api.state.watch(undefined, { signal: stop.signal }), signal);
  try {
    for (;;) {
      const next = await until(events.next(), signal);
      if (next.done) throw new Error('the host ended the state');
      if (takeEvent(next.value) === 'lost') return;
      setLink('up');
    }
  } finally {
    stop.abort();
  }
}

/** Ends the connection when an answer is missing. A page that is not seen has slow timers, so it does not ask. */
async function keepAsking(api: Client, end: AbortController): Promise<void> {
  while (!end.signal.aborted) {
    if (document.visibilityState === 'visible') {
      const answered = api.system.ping().then(
        () => true,
        () => false,
      );
      const late = wait(PING_LIMIT_MS)
        // A page that was busy itself finds the answer waiting: it is let in first.
        .then(() => wait(0))
        .then(() => false);
      if (!(await Promise.race([answered, late]))) end.abort();
    }
    await wait(PING_EVERY_MS);
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The promise, or a rejection when the signal comes first. */
function until<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const gone = () => reject(new Error('the pipe is gone'));
    if (signal.aborted) gone();
    signal.addEventListener('abort', gone, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', gone));
  });
}
