import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../bench/rig.ts';
import { CulvertLab, HOST, says, until } from '../support/culvert-process.ts';
import { HostileProxy, type Hostility } from '../support/hostile-proxy.ts';
import { startRig, type TunnelRig } from '../support/tunnel-rig.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of cleanUps.splice(0).reverse()) await each();
});

interface Path {
  proxy: HostileProxy;
  rig: TunnelRig;
}

async function behindProxy(
  hostility: Hostility,
  target: (socket: Socket) => void,
  drainMs = 100,
): Promise<Path> {
  const proxy = new HostileProxy(1, hostility);
  cleanUps.push(() => proxy.close());
  const rig = await startRig({
    target,
    between: async (port) => `http://${HOST}:${await proxy.start(port)}/`,
    server: { config: { drainMs } },
    client: { config: { drainMs } },
  });
  cleanUps.push(() => rig.close());
  await until('connected', () => rig.client.status().state.kind === 'connected');
  return { proxy, rig };
}

function dial(rig: TunnelRig): Socket {
  const socket = connect({ host: HOST, port: rig.port, allowHalfOpen: true });
  socket.on('error', () => {});
  cleanUps.push(() => socket.destroy());
  return socket;
}

/** Every request is with the proxy, none with the server. */
async function allHeld({ proxy, rig }: Path): Promise<{ release: () => void }> {
  const gate = proxy.hold();
  // What waits at the server is answered by this, and the next request is held.
  const socket = dial(rig);
  socket.write('x');
  await until('all requests are held', () => proxy.held > 0 && proxy.open === proxy.held);
  socket.destroy();
  return gate;
}

const wasTold = (log: TunnelRig['log'], scope: string): boolean =>
  log.some((entry) => entry.scope.startsWith(scope) && entry.text.includes('the peer ended the session'));

describe('a server that stops while no request waits there', () => {
  it.each([
    ['', {}],
    [' behind a proxy that makes a connection for each', { connectEach: true, closeEach: true }],
  ])('says so in the answer to the next one%s', { timeout: 60_000 }, async (_, hostility) => {
    const path = await behindProxy(hostility, (socket) => socket.on('data', () => socket.write('y')));
    const { rig } = path;
    const { release } = await allHeld(path);
    const closed = rig.server.close();
    await until('the session has ended', () => rig.server.sessions().length === 0);
    expect(wasTold(rig.log, 'client')).toBe(false);
    release();
    await closed;
    await until('the client knows', () => wasTold(rig.log, 'client'));
  });

  it('does not wait long when nobody comes', { timeout: 60_000 }, async () => {
    const path = await behindProxy({}, (socket) => socket.on('data', () => socket.write('y')));
    await allHeld(path);
    const started = performance.now();
    await path.rig.server.close();
    // A grace of half a second beside the drain of 0.1; the rest is for a busy machine.
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(wasTold(path.rig.log, 'client')).toBe(false);
  });

  it('lets what is open finish, though each request needs a connection', { timeout: 60_000 }, async () => {
    const bytes = randomBytes(3_000_000);
    const { rig, proxy } = await behindProxy(
      { connectEach: true, closeEach: true },
      (socket) => socket.end(bytes),
      20_000,
    );
    const gate = proxy.hold();
    const socket = dial(rig);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    const ended = once(socket, 'end');
    await until('it is asked for', () => proxy.held > 0);
    gate.release();
    proxy.pass();
    await until('it has begun', () => chunks.length > 0);
    const closed = rig.server.close();
    socket.end();
    await ended;
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    await closed;
    await until('the client knows', () => wasTold(rig.log, 'client'));
  });
});

describe('a client that stops', () => {
  it('says so beside lanes that are all busy', { timeout: 60_000 }, async () => {
    const path = await behindProxy({}, (socket) => socket.resume());
    const { rig, proxy } = path;
    await allHeld(path);
    // As many lanes as small data may open.
    for (let busy = proxy.held + 1; busy <= 4; busy++) {
      dial(rig).write('x');
      await until('one lane more is busy', () => proxy.held >= busy);
    }
    expect(rig.server.sessions().length).toBe(1);
    // What is held stays so: only a further request can tell.
    proxy.pass();
    await rig.client.close();
    await until('the server knows', () => wasTold(rig.log, 'session'));
    expect(rig.server.sessions().length).toBe(0);
  });

  it('says so before its process ends', { timeout: 60_000 }, async () => {
    const lab = new CulvertLab();
    cleanUps.push(() => lab.close());
    const server = await lab.server(['-v']);
    const forward = `${await freePort()}::1`;
    const client = lab.run(['-v', '-L', forward, `${HOST}:${server.port}`, '-p', server.key]);
    await says(client, /connected: HTTP/);
    client.signal('SIGTERM');
    await says(server.process, /ended: the peer ended the session/);
  });

  it('loses nothing of what has left its programs', { timeout: 60_000 }, async () => {
    let got = 0;
    let ended = false;
    // The target's end comes first, so that the connection is over for the client once its own is on its way.
    const { rig, proxy } = await behindProxy(
      {},
      (socket) => {
        socket.end('y');
        socket.on('data', (chunk: Buffer) => {
          got += chunk.length;
        });
        socket.on('end', () => {
          ended = true;
        });
      },
      20_000,
    );
    const socket = dial(rig);
    socket.resume();
    await once(socket, 'end');
    const gate = proxy.hold();
    socket.end(randomBytes(150_000));
    await until('it is under way', () => proxy.held > 1 && rig.client.status().streams === 0);
    const closed = rig.client.close();
    // Time for the last word to be there first, if it were sent at once.
    proxy.pass();
    await new Promise((resolve) => setTimeout(resolve, 50));
    gate.release();
    await closed;
    await until('all of it has arrived', () => ended);
    expect(got).toBe(150_000);
    await until('the server knows', () => wasTold(rig.log, 'session'));
  });
});
