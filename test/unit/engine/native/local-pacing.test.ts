import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { descriptorOf } from '../../../../src-main/engine/native/descriptor.ts';
import { foreignFunctions } from '../../../../src-main/engine/native/foreign.ts';
import { listenOn } from '../../../support/tunnel-rig.ts';

const closers: Array<() => void> = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});
// What was found stays for the thread's life.
beforeEach(() => {
  vi.resetModules();
});

async function connection(): Promise<Socket> {
  const server = createServer((far) => far.resume());
  const port = await listenOn(server);
  const near = connect({ host: '127.0.0.1', port });
  closers.push(() => {
    near.destroy();
    server.close();
  });
  await once(near, 'connect');
  return near;
}

async function controlOf(socket: Socket): Promise<string> {
  const found = await foreignFunctions({
    getsockopt: { result: 'int', parameters: ['int', 'int', 'int', 'void *', 'void *'] },
  });
  const [name, length] = [Buffer.alloc(16), Buffer.from([16, 0, 0, 0])];
  expect(found?.getsockopt(descriptorOf(socket), 6, 13, name, length)).toBe(0);
  return name.toString('latin1').replace(/\0.*/, '');
}

describe('local connections', () => {
  it('are not paced where the system would', async () => {
    const pacing = await import('../../../../src-main/engine/native/local-pacing.ts');
    expect(await pacing.enableUnpacing(Promise.resolve('bbr\n'))).toBe(true);
    const socket = await connection();
    pacing.unpace(socket);
    expect(await controlOf(socket)).toBe('reno');
  });

  it('are left alone where it does not, and so are those to elsewhere', async () => {
    const pacing = await import('../../../../src-main/engine/native/local-pacing.ts');
    const socket = await connection();
    const before = await controlOf(socket);
    expect(await pacing.enableUnpacing(Promise.resolve('cubic\n'))).toBe(false);
    pacing.unpace(socket);
    vi.resetModules();
    const other = await import('../../../../src-main/engine/native/local-pacing.ts');
    expect(await other.enableUnpacing(Promise.resolve('bbr\n'))).toBe(true);
    for (const address of ['192.0.2.1', '::ffff:10.0.0.1', '2001:db8::1', undefined]) {
      vi.spyOn(socket, 'remoteAddress', 'get').mockReturnValue(address);
      other.unpace(socket);
    }
    expect(await controlOf(socket)).toBe(before);
    for (const address of ['127.0.0.9', '::1', '::ffff:127.0.0.1']) {
      const near = await connection();
      vi.spyOn(near, 'remoteAddress', 'get').mockReturnValue(address);
      other.unpace(near);
      expect(await controlOf(near)).toBe('reno');
    }
  });
});
