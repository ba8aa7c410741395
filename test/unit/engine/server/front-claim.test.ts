import { once } from 'node:events';
import * as http from 'node:http';
import * as net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CulvertError } from '../../../../src-main/engine/base/errors.ts';
import { silentLogger } from '../../../../src-main/engine/base/log.ts';
import { createCover } from '../../../../src-main/engine/server/cover.ts';
import { Front, type FrontOptions } from '../../../../src-main/engine/server/front.ts';
import type { FrontLimits } from '../../../../src-main/engine/server/front-limits.ts';
import { exchange, undated } from '../../../support/web-client.ts';
import { listening } from '../../../support/web-covers.ts';

const closers: (() => void)[] = [];
let coverPort = 0;
let coverConnections = 0;
let coverBytes = '';
let coverGone: Promise<unknown> = Promise.resolve();

beforeEach(async () => {
  coverConnections = 0;
  coverBytes = '';
  const cover = http.createServer((request, response) => {
    request.resume();
    if (request.url === '/eager') response.end('cover at once');
    else request.on('end', () => response.end(`cover ${request.method} ${request.url}`));
  });
  cover.on('connection', (socket: net.Socket) => {
    coverConnections++;
    coverGone = new Promise((resolve) => socket.once('close', resolve));
    socket.on('data', (chunk: Buffer) => {
      coverBytes += chunk.toString('latin1');
    });
  });
  coverPort = await listening(cover);
  closers.push(() => {
    cover.close();
    cover.closeAllConnections();
  });
});

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function start(hooks: Partial<FrontOptions> = {}, limits: Partial<FrontLimits> = {}): Promise<number> {
  const front = new Front({
    cover: createCover({ kind: 'proxy', url: `http://127.0.0.1:${coverPort}` }, { log: silentLogger }),
    claimUpgrade: () => false,
    claimRequest: () => false,
    log: silentLogger,
    limits,
    ...hooks,
  });
  closers.push(() => front.destroy());
  return (await front.listen({ host: '127.0.0.1', port: 0 })).port;
}

const get = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`;
const post = (path: string, body: string, headers = ''): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n${headers}\r\n${body}`;
const UPGRADE = 'Connection: upgrade\r\nUpgrade: tunnel\r\n';

const ownRequests: FrontOptions['claimRequest'] = ({ url = '' }) =>
  url.startsWith('/mine') && {
    serve: (copy) => {
      let body = '';
      return {
        onBody: (chunk) => {
          body += chunk;
        },
        onEnd: () => {
          const answer = Buffer.from(`tunnel ${url} ${body}`);
          copy.respond(`Content-Length: ${answer.length}\r\n`, [answer]);
        },
        onClose: () => {},
      };
    },
  };

describe('claimed upgrades', () => {
  it('hands over the socket, the head in its order, and the bytes behind it; the cover sees nothing', async () => {
    const seen: unknown[] = [];
    const port = await start({
      claimUpgrade: (request, socket, head) => {
        seen.push(
          request.method,
          request.url,
          request.httpVersion,
          request.rawHeaders,
          request.headers.upgrade,
          head,
        );
        socket.write('mine\n');
        socket.on('data', (chunk) => socket.end(`got ${chunk}`));
        return true;
      },
    });
    const { text, end } = await exchange(port, [
      `GET /t HTTP/1.1\r\nhOst: a\r\n${UPGRADE}X:  1 \r\n\r\nbehind`,
      { pauseMs: 20 },
      'later',
    ]);
    expect(seen).toEqual([
      'GET',
      '/t',
      '1.1',
      ['hOst', 'a', 'Connection', 'upgrade', 'Upgrade', 'tunnel', 'X', '1'],
      'tunnel',
      Buffer.from('behind'),
    ]);
    expect(text).toBe('mine\ngot later');
    expect(end).toBe('fin');
    expect(coverConnections).toBe(0);
  });

  it('loses nothing to an owner that unshifts, or that listens late', async () => {
    for (const late of [false, true]) {
      const port = await start({
        claimUpgrade: (_request, socket, head) => {
          socket.unshift(head);
          const listen = (): void => {
            let text = '';
            socket.on('data', (chunk) => {
              text += chunk;
            });
            socket.on('end', () => socket.end(`[${text}]`));
            socket.resume();
          };
          if (late) setTimeout(listen, 30);
          else listen();
          return true;
        },
      });
      const { text } = await exchange(port, [`${get('/', UPGRADE)}one,`, { pauseMs: 10 }, 'two', 'FIN']);
      expect(text).toBe('[one,two]');
    }
  });

  it('claims a head that came in pieces, and then leaves the cover alone', async () => {
    const port = await start({
      claimUpgrade: (_request, socket) => {
        socket.end('mine');
        return true;
      },
    });
    const head = get('/', UPGRADE);
    const { text } = await exchange(port, [head.slice(0, 20), { pauseMs: 20 }, head.slice(20)]);
    expect(text).toBe('mine');
    expect(coverConnections).toBe(1);
    await coverGone;
  });

  it('leaves a socket of which it was told no to the cover, with every byte', async () => {
    const port = await start({ claimUpgrade: () => false });
    const steps = [get('/x', UPGRADE), { pauseMs: 30 }, get('/y', 'Connection: close\r\n')];
    const direct = await exchange(coverPort, steps);
    coverBytes = '';
    expect(undated((await exchange(port, steps)).text)).toBe(undated(direct.text));
    expect(direct.text).toContain('cover GET /x');
    expect(coverBytes).toBe(`${steps[0]}${steps[2]}`);
  });

  it('a hook that throws does not show', async () => {
    const port = await start({
      claimUpgrade: () => {
        throw new Error('broken hook');
      },
      claimRequest: () => {
        throw new Error('broken hook');
      },
    });
    for (const text of [
      get('/x', `Upgrade: a\r\nConnection: upgrade, close\r\n`),
      get('/x', 'Connection: close\r\n'),
    ]) {
      const direct = await exchange(coverPort, [text]);
      expect(undated((await exchange(port, [text])).text)).toBe(undated(direct.text));
    }
  });
});

describe('claimed requests', () => {
  it('mixes on one connection with requests of the cover, in any order', async () => {
    const port = await start({ claimRequest: ownRequests });
    const socket = net.connect(port, '127.0.0.1');
    closers.push(() => socket.destroy());
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    const ask = async (request: string, answer: string): Promise<void> => {
      text = '';
      socket.write(request);
      await expect.poll(() => text, { interval: 2 }).toContain(answer);
    };
    await ask(get('/1'), 'cover GET /1');
    await ask(post('/mine/1', 'up'), 'tunnel /mine/1 up');
    await ask(post('/mine/2', 'up'), 'tunnel /mine/2 up');
    await ask(get('/2'), 'cover GET /2');
    await ask(post('/3', 'body'), 'cover POST /3');
    await ask(post('/mine/4', ''), 'tunnel /mine/4');
    // Pipelined behind a claimed one, and in one segment.
    await ask(post('/mine/5', 'x') + get('/5') + get('/6'), 'cover GET /6');
    expect(text).toMatch(/tunnel \/mine\/5 x.*cover GET \/5.*cover GET \/6/s);
    await ask('\x16\x03\x01', '400 Bad Request');
    expect(coverBytes).not.toContain('mine');
  });

  it('claims an upgrade after a request of the cover on the same connection', async () => {
    const port = await start({
      claimUpgrade: (_request, socket) => {
        socket.end('mine');
        return true;
      },
    });
    const { text } = await exchange(port, [get('/1'), { pauseMs: 50 }, get('/t', UPGRADE)]);
    expect(text).toContain('cover GET /1');
    expect(text.endsWith('mine')).toBe(true);
  });

  it('does not let the tunnel overtake the answer of the cover', async () => {
    const port = await start({ claimRequest: ownRequests });
    const { text } = await exchange(port, [get('/1') + get('/mine', 'Connection: close\r\n')]);
    expect(text).toMatch(/cover GET \/1.*cover GET \/mine/s);
  });

  it('says 100 Continue to those who know it (RFC 9110 §10.1.1)', async () => {
    const port = await start({ claimRequest: ownRequests });
    const text = post('/mine', 'x', 'Expect: 100-continue\r\nConnection: close\r\n');
    expect((await exchange(port, [text])).text).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
    const old = await exchange(port, [text.replace('HTTP/1.1', 'HTTP/1.0')]);
    expect(old.text).toMatch(/^HTTP\/1.1 200 OK/);
  });

  it('lets a client go that ends in the midst of a body', async () => {
    const port = await start({ claimRequest: ownRequests });
    const half = `${post('/mine', 'whole').slice(0, -3)}`;
    expect(await exchange(port, [half, 'FIN'])).toMatchObject({ text: '', end: 'fin' });
  });

  it('closes a silent connection whose last request was claimed', async () => {
    const port = await start({ claimRequest: ownRequests }, { tunnelIdleMs: 100 });
    const { end, text } = await exchange(port, [post('/mine', 'x')]);
    expect(text).toContain('tunnel /mine x');
    expect(end).toBe('fin');
  });
});

describe('listening and stopping', () => {
  it('names a port that is taken', async () => {
    const port = await start();
    const front = new Front({
      cover: createCover({ kind: 'none' }, { log: silentLogger }),
      claimUpgrade: () => false,
      claimRequest: () => false,
      log: silentLogger,
    });
    const refused = await front.listen({ host: '127.0.0.1', port }).catch((e) => e);
    expect(refused).toBeInstanceOf(CulvertError);
    expect(refused.code).toBe('ERR_PORT_IN_USE');
    expect(refused.message).toContain(String(port));
    // Where the system tells, and in time.
    expect(refused.message).toContain(refused.details.holder ?? 'another program');
    const elsewhere = await front.listen({ host: '192.0.2.1', port: 0 }).catch((e) => e);
    expect(elsewhere.code).toBe('ERR_LISTEN');
    expect(elsewhere.message).toContain('no address of this machine');
    front.destroy();
  });

  it('closes more connections than it may have', async () => {
    const port = await start({}, { maxConnections: 1 });
    const first = net.connect(port, '127.0.0.1');
    closers.push(() => first.destroy());
    first.write(get('/1'));
    await once(first, 'data');
    const second = await exchange(port, [get('/2')]);
    expect(second.text).toBe('');
  });

  it('close lets a request end, cuts silent connections, keeps what was claimed, refuses new ones', async () => {
    let owned: net.Socket | undefined;
    let finish: (() => void) | undefined;
    const front = new Front({
      cover: createCover({ kind: 'none' }, { log: silentLogger }),
      claimUpgrade: (_request, socket) => {
        owned = socket;
        return true;
      },
      claimRequest: () => ({
        serve: (copy) => ({
          onBody: () => {},
          onEnd: () => {
            const stream = copy.open('', () => {});
            stream?.write([Buffer.from('first ')], () => {});
            finish = () => {
              stream?.write([Buffer.from('last')], () => {});
              stream?.end();
            };
          },
          onClose: () => {},
        }),
      }),
      log: silentLogger,
      limits: { drainQuietMs: 20 },
    });
    const { port } = await front.listen({ host: '127.0.0.1', port: 0 });
    const claimed = net.connect(port, '127.0.0.1');
    closers.push(() => claimed.destroy());
    claimed.write(get('/', UPGRADE));
    await expect.poll(() => owned).toBeDefined();
    const silent = exchange(port, []);
    let asked = false;
    const busy = exchange(port, [get('/')], (text) => {
      asked ||= text.includes('first');
      return text.includes('last');
    });
    await expect.poll(() => asked).toBe(true);
    let closed = false;
    const closing = front.close().then(() => {
      closed = true;
    });
    expect((await silent).text).toBe('');
    expect(closed).toBe(false);
    await expect(exchange(port, [])).rejects.toThrow();
    finish?.();
    expect((await busy).text).toContain('last');
    await closing;
    expect(owned?.destroyed).toBe(false);
    owned?.end('still here');
    const [bytes] = await once(claimed, 'data');
    expect(String(bytes)).toBe('still here');
    expect(front.close()).toBe(front.close());
    front.destroy();
  });
});
