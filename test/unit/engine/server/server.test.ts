import { afterEach, expect, it } from 'vitest';
import type { OpenFailure } from '../../../../src-main/engine/mux/types.ts';
import { until } from '../../../support/culvert-process.ts';
import { startRig, type TunnelRig } from '../../../support/tunnel-rig.ts';

let rig: TunnelRig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

it('refuses a stream of a protocol that it does not know, and serves the others', async () => {
  rig = await startRig({ target: (socket) => socket.end(), client: { transport: 'ws' } });
  const { client, serverPort } = rig;
  await until('connected', () => client.status().state.kind === 'connected');
  const open = (protocol: number, port: number): Promise<string> =>
    new Promise((resolve) => {
      const stream = Reflect.get(client, 'tunnel').open(
        { host: '', port },
        {
          onOpened: () => resolve('opened'),
          onData: () => {},
          onEnd: () => {},
          onReset: (reason: string) => resolve(`reset: ${reason}`),
          onOpenFailed: (failure: OpenFailure, message: string) => resolve(`${failure}: ${message}`),
        },
        { protocol },
      );
      if (stream === undefined) resolve('no stream');
    });
  expect(await open(9, 1)).toBe('unsupported: this server does not know protocol 9');
  expect(await open(0, serverPort)).toBe('opened');
});
