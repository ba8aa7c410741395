import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { createORPCClient } from '@orpc/client';
import { RPCLink as WsLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { ResponseValidationPlugin } from '@orpc/contract/plugins';
import { implement, ORPCError } from '@orpc/server';
import { RPCHandler as WsHandler } from '@orpc/server/ws';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { contract } from '../../../src-shared/contract.ts';
import { type Failure, toFailure } from '../../../src-shared/errors.ts';
import type { StateEvent } from '../../../src-shared/patch.ts';
import { socketOfPort } from '../../../src-shared/pipe.ts';
import { newDraft } from '../../../src-shared/profile.ts';
import { emptyState } from '../../../src-shared/state.ts';
import { hostInfo } from './samples.ts';

/**
 * The library that the contract stands on is held to what Culvert needs of it, over both pipes: validation at both
 * ends, typed errors, streams that end with their reader. The host's own tests run over the real host.
 */
type Client = ContractRouterClient<typeof contract>;
const taken: Failure = { code: 'ERR_PORT_IN_USE', message: 'taken', details: { port: 80 } };

/** A few calls of the contract, enough to see the pipe work. */
class SmallHost {
  endedStreams = 0;
  private wake: () => void = () => {};

  /** Resolves when the next stream ends at the host. */
  streamEnd(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  router() {
    const os = implement(contract);
    const self = this;
    return {
      system: {
        hello: os.system.hello.handler(({ input }) => ({ contract: input.contract, version: '1' })),
        ping: os.system.ping.handler(() => {}),
      },
      profiles: {
        // Not what the contract says, as a host with a fault would answer.
        create: os.profiles.create.handler(() => JSON.parse('{"id": "a", "revision": "one"}')),
        update: os.profiles.update.handler(({ errors }) => {
          throw errors.ERR_PORT_IN_USE({ message: taken.message, data: taken });
        }),
      },
      keys: {
        generate: os.keys.generate.handler(() => {
          throw new ORPCError('INTERNAL_SERVER_ERROR');
        }),
      },
      state: {
        watch: os.state.watch.handler(async function* ({ signal }): AsyncGenerator<StateEvent> {
          try {
            yield { kind: 'snapshot', rev: 0, state: emptyState(hostInfo) };
            for (let rev = 1; !signal?.aborted; rev++) {
              yield { kind: 'patch', rev, ops: [{ op: 'set', key: 'network', value: 'online' }] };
              // Lets the pipe's own events in, as a host that waits for changes does.
              await new Promise((resolve) => setImmediate(resolve));
            }
          } finally {
            self.endedStreams++;
            self.wake();
          }
        }),
      },
    };
  }
}

interface Pipe {
  readonly client: Client;
  readonly host: SmallHost;
  /** Sends the host what no client would. */
  raw(text: string): void;
  cut(): void;
  close(): Promise<void>;
}

const validate = () => [new ResponseValidationPlugin(contract)];

async function portPipe(): Promise<Pipe> {
  const host = new SmallHost();
  const { port1, port2 } = new MessageChannel();
  await new WsHandler(host.router()).upgrade(socketOfPort(port1));
  const websocket = socketOfPort(port2);
  const client: Client = createORPCClient(new WsLink({ websocket, plugins: validate() }));
  const cut = () => port1.close();
  return { client, host, cut, raw: (text) => websocket.send(text), close: async () => cut() };
}

async function wsPipe(): Promise<Pipe> {
  const host = new SmallHost();
  const handler = new WsHandler(host.router());
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) => void handler.upgrade(socket));
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const websocket = new WebSocket(`ws://127.0.0.1:${address.port}`);
  const client: Client = createORPCClient(new WsLink({ websocket, plugins: validate() }));
  const cut = () => {
    for (const socket of server.clients) socket.terminate();
  };
  const close = () => {
    cut();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { client, host, cut, raw: (text) => websocket.send(text), close };
}

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  return promise.then(
    () => {
      throw new Error('it succeeded');
    },
    (error: unknown) => toFailure(error),
  );
}

const draft = newDraft({ server: { scheme: 'http', host: 'server.example', port: 80, path: '/' } });

describe.each([
  ['MessagePort', portPipe],
  ['WebSocket', wsPipe],
])('the contract over a %s', (_name, open) => {
  let pipe: Pipe;
  beforeAll(async () => {
    pipe = await open();
  });
  afterAll(() => pipe.close());

  it('answers', async () => {
    expect(await pipe.client.system.hello({ contract: 1 })).toEqual({ contract: 1, version: '1' });
    expect(await pipe.client.system.ping()).toBeUndefined();
  });

  it('refuses a payload that is not what the contract says', async () => {
    expect((await failureOf(pipe.client.system.hello({ contract: 0 }))).code).toBe('ERR_BAD_REQUEST');
    const more = JSON.parse('{"contract": 1, "more": 1}');
    expect((await failureOf(pipe.client.system.hello(more))).code).toBe('ERR_BAD_REQUEST');
  });

  it('refuses an answer that is not what the contract says', async () => {
    expect((await failureOf(pipe.client.profiles.create({ draft }))).code).toBe('ERR_INTERNAL');
  });

  it('carries errors with their code and data', async () => {
    expect(await failureOf(pipe.client.profiles.update({ id: 'a', revision: 1, draft }))).toEqual(taken);
    expect((await failureOf(pipe.client.keys.generate())).code).toBe('ERR_INTERNAL');
  });

  it('refuses a call that nobody implements', async () => {
    expect((await failureOf(pipe.client.logs.clear())).code).toBe('ERR_BAD_REQUEST');
  });

  it('streams in order, and ends the host side when the reader stops', async () => {
    const ended = pipe.host.streamEnd();
    const revs: number[] = [];
    for await (const event of await pipe.client.state.watch()) {
      revs.push(event.rev);
      if (revs.length === 500) break;
    }
    expect(revs).toEqual(Array.from({ length: 500 }, (_, rev) => rev));
    await ended;
  });

  it('ends the host side when the call is aborted', async () => {
    const ended = pipe.host.streamEnd();
    const abort = new AbortController();
    const events = await pipe.client.state.watch(undefined, { signal: abort.signal });
    await events.next();
    abort.abort();
    await ended;
  });

  it('is not disturbed by what is no message of it', async () => {
    // The library reports each to the console.
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const message = fc.record(
      { i: fc.jsonValue(), t: fc.jsonValue(), p: fc.jsonValue() },
      { requiredKeys: [] },
    );
    const request = fc.record({
      u: fc.oneof(fc.constant('/system/ping'), fc.jsonValue()),
      b: fc.jsonValue(),
      h: fc.jsonValue(),
    });
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      message.map((value) => JSON.stringify(value)),
      request.map((p) => JSON.stringify({ i: 'x', p })),
    );
    for (const given of fc.sample(text, { seed: 1, numRuns: 1000 })) pipe.raw(given);
    expect(await pipe.client.system.hello({ contract: 1 })).toEqual({ contract: 1, version: '1' });
    expect(report).toHaveBeenCalled();
    report.mockRestore();
  });

  it('ends both sides when the pipe is cut', async () => {
    const ended = pipe.host.streamEnd();
    const events = await pipe.client.state.watch();
    await events.next();
    pipe.cut();
    const failure = await failureOf(
      (async () => {
        for await (const event of events) expect(event.kind).toBe('patch');
      })(),
    );
    expect(failure.code).toBe('ERR_PIPE_CLOSED');
    await ended;
    expect(pipe.host.endedStreams).toBe(3);
    // A call on it fails soon, rather than wait for ever.
    await expect(pipe.client.system.ping()).rejects.toThrow();
  });
});
