import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../src-main/engine/base/log.ts';
import { createCover } from '../../../../src-main/engine/server/cover.ts';
import { Front } from '../../../../src-main/engine/server/front.ts';
import type { RawCopy, RawHandler, RawStream } from '../../../../src-main/engine/server/front-hooks.ts';
import type { FrontLimits } from '../../../../src-main/engine/server/front-limits.ts';

const closers: Array<() => void> = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A front whose `/mine` requests are this handler's, and a connection to it. */
async function start(
  handle: (copy: RawCopy, path: string, body: Buffer) => void,
  onGone = () => {},
  limits: Partial<FrontLimits> = {},
) {
  const handler = (path: string): RawHandler => ({
    serve: (copy) => {
      const chunks: Buffer[] = [];
      return {
        onBody: (chunk) => chunks.push(Buffer.from(chunk)),
        onEnd: () => handle(copy, path, Buffer.concat(chunks)),
        onClose: onGone,
      };
    },
  });
  const front = new Front({
    cover: createCover({ kind: 'none' }, { log: silentLogger }),
    claimUpgrade: () => false,
    claimRequest: ({ url = '' }) => url.startsWith('/mine') && handler(url),
    log: silentLogger,
    limits,
  });
  closers.push(() => front.destroy());
  const { port } = await front.listen({ host: '127.0.0.1', port: 0 });
  const dial = (): Socket => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => {});
    closers.push(() => socket.destroy());
    return socket;
  };
  const socket = dial();
  let got = '';
  socket.on('data', (chunk: Buffer) => {
    got += chunk.toString('latin1');
  });
  return { socket, text: () => got, dial };
}

/** Resolves once what came matches. */
async function until(text: () => string, wanted: RegExp, socket: Socket): Promise<void> {
  while (!wanted.test(text())) await once(socket, 'data');
}

const post = (path: string, body: string | Buffer, version = '1.1', headers = ''): string =>
  `POST ${path} HTTP/${version}\r\nHost: a\r\nContent-Length: ${body.length}\r\n${headers}\r\n`;
const LENGTH = (bytes: number): string => `Content-Length: ${bytes}\r\n`;

describe('requests on the bare socket', { timeout: 10_000 }, () => {
  it('are answered in their order, whatever the order of the answers', async () => {
    const copies: RawCopy[] = [];
    const { socket, text } = await start((copy) => copies.push(copy));
    socket.write(post('/mine/1', '') + post('/mine/2', ''));
    while (copies.length < 2) await new Promise((resolve) => setImmediate(resolve));
    copies[1].respond(LENGTH(3), [Buffer.from('two')]);
    copies[0].respond(LENGTH(3), [Buffer.from('one')]);
    await until(text, /two$/, socket);
    expect(text().replace(/Date: [^\r]*/g, '')).toMatch(/^HTTP\/1.1 200 OK.*one.*HTTP\/1.1 200 OK.*two$/s);
  });

  it('tells when an answer has left, and of the end, once', async () => {
    const events: string[] = [];
    const { socket, text } = await start(
      (copy) => copy.respond(LENGTH(1), [Buffer.from('x')], () => events.push('written')),
      () => events.push('gone'),
    );
    socket.write(`${post('/mine', 'body')}body`);
    await until(text, /\r\n\r\nx$/, socket);
    socket.destroy();
    while (events.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(events.sort()).toEqual(['gone', 'written']);
  });

  it.each([
    ['1.0', ''],
    ['1.1', 'Connection: close\r\n'],
  ])('end the connection for HTTP/%s %j', async (version, headers) => {
    const { socket, text } = await start((copy) => copy.respond(LENGTH(1), [Buffer.from('x')]));
    socket.write(post('/mine', '', version, headers));
    await once(socket, 'end');
    expect(text()).toMatch(/Connection: close\r\n\r\nx$/);
  });

  it('may have an answer that is made as it goes', async () => {
    let stream: RawStream | undefined;
    const { socket, text } = await start((copy, path) => {
      if (path === '/mine/next') return copy.respond(LENGTH(4), [Buffer.from('next')]);
      stream = copy.open('', () => {});
      stream?.write([Buffer.from('ab'), Buffer.from('c')], () => {});
    });
    socket.write(post('/mine', ''));
    await until(text, /\r\n\r\n3\r\nabc\r\n$/, socket);
    expect(text()).toContain('Transfer-Encoding: chunked\r\n');
    stream?.write([Buffer.alloc(20, 'x')], () => {});
    stream?.end();
    stream?.write([Buffer.from('late')], () => {});
    socket.write(post('/mine/next', ''));
    await until(text, /14\r\nx{20}\r\n0\r\n\r\nHTTP\/1.1 200 OK.*next$/s, socket);
  });

  it('may not where HTTP/1.0 or an earlier answer is in the way', async () => {
    const opened: boolean[] = [];
    const late: RawCopy[] = [];
    const { socket, text } = await start((copy, path) => {
      if (path === '/mine/late') return void late.push(copy);
      opened.push(copy.open('', () => {}) !== undefined);
      copy.respond(LENGTH(1), [Buffer.from('x')]);
    });
    socket.write(post('/mine/late', '') + post('/mine/now', '', '1.1') + post('/mine/old', '', '1.0'));
    while (opened.length < 2) await new Promise((resolve) => setImmediate(resolve));
    late[0].respond(LENGTH(1), [Buffer.from('x')]);
    await until(text, /close\r\n\r\nx$/, socket);
    expect(opened).toEqual([false, false]);
  });

  it('tells of room in the socket to an answer that is made as it goes', async () => {
    let drained = 0;
    const streams: RawStream[] = [];
    const { socket } = await start((copy) => {
      const stream = copy.open('', () => drained++);
      if (stream === undefined) return;
      streams.push(stream);
      socket.pause();
      for (let i = 0; i < 64; i++) stream.write([Buffer.alloc(1 << 20)], () => {});
    });
    socket.write(post('/mine', ''));
    while (streams.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(streams[0].backlog).toBeGreaterThan(1 << 20);
    socket.resume();
    while (drained === 0) await once(socket, 'data');
    expect(streams[0].backlog).toBe(0);
  });

  it('are exact when they carry bulk, and the cover gets what is its own afterwards', async () => {
    const sums: string[] = [];
    const sum = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    const { socket, text } = await start((copy, _path, body) => {
      sums.push(sum(body));
      copy.respond(LENGTH(1), [Buffer.from('!')]);
    });
    const bodies = Array.from({ length: 12 }, (_, i) => randomBytes(300_000 + i * 12_345));
    for (const [i, body] of bodies.entries()) {
      const head = post(`/mine/${i}`, body);
      // Heads cut anywhere, as TCP does.
      socket.write(head.slice(0, 5 + i));
      await new Promise((resolve) => setImmediate(resolve));
      socket.write(head.slice(5 + i));
      socket.write(body);
      await until(text, new RegExp(`(!.*){${i + 1}}$`, 's'), socket);
    }
    expect(sums).toEqual(bodies.map(sum));
    socket.write('GET /other HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await once(socket, 'end');
    expect(text()).toMatch(/!HTTP\/1.1 404 /);
  });
  it('whose body stops half-way end with their connection; those that wait for an answer stay', async () => {
    let gone = 0;
    const copies: RawCopy[] = [];
    const { socket, text, dial } = await start(
      (copy) => copies.push(copy),
      () => gone++,
      { tunnelIdleMs: 100 },
    );
    socket.write(post('/mine/whole', ''));
    while (copies.length < 1) await new Promise((resolve) => setImmediate(resolve));
    // It was silent for less long than the one that waits.
    const half = dial().resume();
    half.write(`${post('/mine/half', 'body')}bo`);
    await once(half, 'close');
    expect(gone).toBe(1);
    copies[0].respond(LENGTH(4), [Buffer.from('late')]);
    await until(text, /late$/, socket);
  });

  it('that nobody waits for the answers of are not heaped up', async () => {
    const copies: RawCopy[] = [];
    const { socket } = await start((copy) => copies.push(copy), undefined, { maxPipelined: 4 });
    socket.write(post('/mine', '').repeat(100));
    await once(socket, 'close');
    expect(copies).toHaveLength(4);
  });
});
