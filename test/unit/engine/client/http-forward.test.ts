import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MixedLab } from '../../../support/mixed-port.ts';

let lab: MixedLab;
beforeEach(() => {
  lab = new MixedLab();
});
afterEach(() => lab.close());

interface Origin {
  port: number;
  /** What each connection brought so far. */
  seen: string[];
}

/** A server that hears raw bytes and answers through `onText(everything so far, socket, its number)`. */
async function origin(onText: (text: string, socket: Socket, index: number) => void): Promise<Origin> {
  const seen: string[] = [];
  const port = await lab.origin((socket) => {
    const index = seen.push('') - 1;
    socket.on('data', (chunk) => {
      seen[index] += chunk.toString('latin1');
      onText(seen[index], socket, index);
    });
    socket.on('end', () => socket.end());
  });
  return { port, seen };
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const ends = (tail: string) => (text: string) => text.endsWith(tail);

describe('absolute-form requests on one connection', () => {
  it('keep the server connection for the same host and port', async () => {
    const { port, seen } = await origin((_text, socket) => socket.write(OK));
    const mixed = await lab.mixed();
    const client = lab.client(mixed.port);
    for (const path of ['a', 'b', 'c']) {
      client.send(`GET http://127.0.0.1:${port}/${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      expect(await client.until(ends('ok'))).toBe(OK);
    }
    const host = `Host: 127.0.0.1:${port}\r\n\r\n`;
    expect(seen).toEqual([`GET /a HTTP/1.1\r\n${host}GET /b HTTP/1.1\r\n${host}GET /c HTTP/1.1\r\n${host}`]);
    expect(mixed.opener.targets).toHaveLength(1);
  });

  it('go to different servers, pipelined, in order, whatever the split', async () => {
    const first = await origin((_text, socket) => socket.write(OK.replace('ok', '11')));
    const second = await origin((text, socket) => {
      if (text.endsWith('0\r\n\r\n')) socket.write(OK.replace('ok', '22'));
    });
    const text =
      `GET http://127.0.0.1:${first.port}/ HTTP/1.1\r\nHost: x\r\n\r\n` +
      `POST http://127.0.0.1:${second.port}/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n` +
      '5;x=y\r\nhello\r\n0\r\n\r\n' +
      `GET http://127.0.0.1:${first.port}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    const mixed = await lab.mixed();
    for (const step of [text.length, 7, 1]) {
      const client = lab.client(mixed.port);
      for (let at = 0; at < text.length; at += step) {
        client.send(text.slice(at, at + step));
        await new Promise(setImmediate);
      }
      const answer = await client.toEnd();
      expect(answer.match(/\r\n\r\n(..)/g)).toEqual(['\r\n\r\n11', '\r\n\r\n22', '\r\n\r\n11']);
      client.socket.end();
    }
    expect(second.seen[0]).toContain('\r\n\r\n5;x=y\r\nhello\r\n0\r\n\r\n');
  });

  it.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n'],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n'],
    ['GET', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: x\r\n\r\n'],
    ['GET', 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx'],
  ])('%s with %j leaves both connections usable', async (method, answer) => {
    const { port } = await origin((text, socket) => socket.write(text.includes('/next ') ? OK : answer));
    const mixed = await lab.mixed();
    const client = lab.client(mixed.port);
    client.send(`${method} http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(await client.until((text) => text.length >= answer.length)).toBe(answer);
    client.send(`GET http://127.0.0.1:${port}/next HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(await client.until(ends('ok'))).toBe(OK);
    expect(mixed.opener.targets).toHaveLength(1);
  });

  it('end with the server connection when only that frames the response', async () => {
    const { port } = await origin((_text, socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nall of it'));
    const client = lab.client((await lab.mixed()).port);
    client.send(`GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(await client.toEnd()).toBe('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it');
    expect(client.ending).toBe('fin');
  });

  it('are answered after the client half-closed', async () => {
    const { port } = await origin((_text, socket) => socket.write(OK));
    const client = lab.client((await lab.mixed()).port);
    client.socket.end(`GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(await client.toEnd()).toBe(OK);
  });

  it('are said again when the kept connection turns out dead, if that is harmless', async () => {
    // The first connection answers once and is cut, without warning, by the next request.
    const { port, seen } = await origin((text, socket, index) => {
      if (index === 0 && text.includes('/2 ')) socket.resetAndDestroy();
      else socket.write(OK);
    });
    const mixed = await lab.mixed();
    const client = lab.client(mixed.port);
    for (const path of ['1', '2']) {
      client.send(`GET http://127.0.0.1:${port}/${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      expect(await client.until(ends('ok'))).toBe(OK);
    }
    expect(seen).toHaveLength(2);
  });

  it('are not said again when they are not repeatable', async () => {
    const { port, seen } = await origin((text, socket) => {
      if (text.includes('/2 ')) socket.resetAndDestroy();
      else socket.write(OK);
    });
    const client = lab.client((await lab.mixed()).port);
    client.send(`GET http://127.0.0.1:${port}/1 HTTP/1.1\r\nHost: x\r\n\r\n`);
    await client.until(ends('ok'));
    client.send(`POST http://127.0.0.1:${port}/2 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx`);
    expect(await client.toEnd()).toBe('');
    expect(client.ending).toBe('fin');
    expect(seen).toHaveLength(1);
  });
});

describe('bodies', () => {
  it('wait for 100 Continue when the client does', async () => {
    const { port } = await origin((text, socket) => {
      if (text.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      if (text.endsWith('hello')) socket.write(OK);
    });
    const client = lab.client((await lab.mixed()).port);
    const head = `PUT http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`;
    client.send(head);
    await client.until(ends('Continue\r\n\r\n'));
    client.send('hello');
    expect(await client.until(ends('ok'))).toBe(OK);
    client.send(head);
    await client.until(ends('Continue\r\n\r\n'));
  });

  it('refused before 100 Continue end the connection: nobody can tell what follows', async () => {
    const { port } = await origin((_text, socket) =>
      socket.write('HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n'),
    );
    const client = lab.client((await lab.mixed()).port);
    client.send(
      `PUT http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
    );
    expect(await client.toEnd()).toBe('HTTP/1.1 417 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  });

  it('go on after an early answer', async () => {
    const { port, seen } = await origin((text, socket) => {
      if (text.endsWith('Content-Length: 10\r\n\r\nhello')) socket.write(OK);
      if (text.includes('/next ')) socket.write(OK);
    });
    const client = lab.client((await lab.mixed()).port);
    client.send(`POST http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello`);
    await client.until(ends('ok'));
    client.send(`worldGET http://127.0.0.1:${port}/next HTTP/1.1\r\nHost: x\r\n\r\n`);
    await client.until(ends('ok'));
    expect(seen).toHaveLength(1);
    expect(seen[0]).toContain('helloworldGET /next');
  });

  it('malformed are a bad request, and cut the server connection', async () => {
    const { port } = await origin(() => {});
    const mixed = await lab.mixed();
    const client = lab.client(mixed.port);
    client.send(
      `POST http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n`,
    );
    expect(await client.toEnd()).toMatch(/^HTTP\/1\.1 400 /);
    expect(mixed.opener.live).toBe(0);
  });

  it('cut short by the server are cut short for the client', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n';
    const { port } = await origin((_text, socket) => socket.end(`${head}part`));
    const client = lab.client((await lab.mixed()).port);
    client.send(`GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(await client.toEnd()).toBe(`${head}part`);
  });

  it('reset by the server are reset for the client when only the end frames them', async () => {
    const { port } = await origin((_text, socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\npart');
    });
    const mixed = await lab.mixed();
    const client = lab.client(mixed.port);
    client.send(`GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`);
    await client.until(ends('part'));
    mixed.opener.destroy();
    await client.toEnd();
    expect(client.ending).toBe('reset');
  });

  it('do not pile up in front of a client that does not read', async () => {
    const piece = Buffer.alloc(64 * 1024);
    const total = 64 * 1024 * 1024;
    const { port } = await origin((_text, socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
      const fill = (): void => {
        while (socket.writable && socket.write(piece));
      };
      socket.on('drain', fill);
      fill();
    });
    const mixed = await lab.mixed();
    const client = lab.client(mixed.port);
    client.socket.pause();
    client.send(`GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`);
    const received = (): number => mixed.opener.streams[0]?.counters.received ?? 0;
    // Until nothing has moved for a while: the sockets' own buffers are then full.
    for (let last = -1, still = 0; still < 5; still = received() === last ? still + 1 : 0) {
      last = received();
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    expect(received()).toBeGreaterThan(0);
    expect(received()).toBeLessThan(total / 2);
    expect(mixed.opener.streams[0].peak).toBeLessThanOrEqual(512 * 1024);
  });
});

describe('an upgrade', () => {
  it('makes both connections raw, with what came early', async () => {
    const { port } = await origin((text, socket) => {
      if (text.endsWith('\r\n\r\n')) {
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly',
        );
      } else if (text.endsWith('ping')) socket.write('pong');
    });
    const mixed = await lab.mixed();
    const client = lab.client(mixed.port);
    client.send(
      `GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    expect(await client.until(ends('early'))).toMatch(
      /^HTTP\/1\.1 101 .*\r\nUpgrade: websocket\r\nConnection: Upgrade/,
    );
    client.send('ping');
    expect(await client.until(ends('pong'))).toBe('pong');
    client.socket.end();
    await client.toEnd();
    expect(client.ending).toBe('fin');
    await expect.poll(() => mixed.opener.live).toBe(0);
  });

  it('that the server declines is a request like any other', async () => {
    const { port } = await origin((_text, socket) => socket.write(OK));
    const client = lab.client((await lab.mixed()).port);
    for (let time = 0; time < 2; time++) {
      client.send(
        `GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n`,
      );
      expect(await client.until(ends('ok'))).toBe(OK);
    }
  });
});

describe('failures', () => {
  it.each([
    ['refused', 502, 'refused'],
    ['nameNotFound', 502, 'name was not found'],
    ['timeout', 504, 'in time'],
    ['noSession', 503, 'no connection to the Culvert server'],
    ['denied', 403, 'not allow'],
    ['limit', 503, 'limit'],
  ] as const)('%s is %i and says so', async (failure, status, words) => {
    const mixed = await lab.mixed({}, { failures: { 'a.test:80': failure } });
    const client = lab.client(mixed.port);
    client.send('GET http://a.test/ HTTP/1.1\r\nHost: x\r\n\r\n');
    const answer = await client.toEnd();
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain('a.test:80');
    expect(answer).toContain(words);
    expect(client.ending).toBe('fin');
  });

  it.each([['SSH-2.0-x\r\n'], ['']])('a server that says %j is a bad gateway', async (greeting) => {
    const { port } = await origin((_text, socket) => socket.end(greeting));
    const client = lab.client((await lab.mixed()).port);
    client.send(`GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(await client.toEnd()).toMatch(/^HTTP\/1\.1 502 /);
  });

  it('a server that says nothing for too long is a gateway time-out, and is cut', async () => {
    const { port } = await origin(() => {});
    const mixed = await lab.mixed({ idleTimeoutMs: 50 });
    const client = lab.client(mixed.port);
    client.send(`GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(await client.toEnd()).toMatch(/^HTTP\/1\.1 504 .*nothing moved for 0\.05 s/s);
    await expect.poll(() => mixed.opener.live).toBe(0);
  });

  it('a server that stops half-way, and an idle upgraded connection, are cut', async () => {
    const half = await origin((_text, socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
    );
    const raw = await origin((_text, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n');
    });
    const mixed = await lab.mixed({ idleTimeoutMs: 50 });
    for (const { port } of [half, raw]) {
      const client = lab.client(mixed.port);
      client.send(
        `GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n`,
      );
      await client.toEnd();
    }
    await expect.poll(() => mixed.opener.live).toBe(0);
  });

  it('a client that goes away takes the server connection along', async () => {
    const { port } = await origin(() => {});
    const mixed = await lab.mixed();
    const client = lab.client(mixed.port);
    client.send(`GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`);
    await expect.poll(() => mixed.opener.live).toBe(1);
    client.socket.resetAndDestroy();
    await expect.poll(() => mixed.opener.live).toBe(0);
  });
});
