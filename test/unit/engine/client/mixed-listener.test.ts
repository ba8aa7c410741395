import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_HEAD_BYTES } from '../../../../src-main/engine/client/http-head.ts';
import { serveMixed } from '../../../../src-main/engine/client/mixed-listener.ts';
import { MixedLab } from '../../../support/mixed-port.ts';
import { simpleJoin } from '../../../support/simple-join.ts';

const auth = { user: 'me', password: 'pass:word' };
let lab: MixedLab;
beforeEach(() => {
  lab = new MixedLab();
});
afterEach(() => lab.close());

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const latin1 = (bytes: Buffer): string => bytes.toString('latin1');
const portHex = (port: number): string => port.toString(16).padStart(4, '0');

describe('the handshakes, byte by byte', () => {
  /** A server that says "hi" first, and then echoes. */
  const echo = (): Promise<number> =>
    lab.origin((socket) => {
      socket.write('hi');
      socket.pipe(socket);
    });

  const handshakes: [string, (port: number) => { sent: Buffer; heard: string }][] = [
    [
      'SOCKS5',
      (port) => ({
        sent: hex(`05 01 00 05 01 00 01 7f000001 ${portHex(port)}`),
        heard: latin1(hex('05 00 05 00 00 01 00000000 0000')),
      }),
    ],
    [
      'SOCKS4',
      (port) => ({
        sent: hex(`04 01 ${portHex(port)} 7f000001 00`),
        heard: latin1(hex('00 5a 0000 00000000')),
      }),
    ],
    [
      'CONNECT',
      (port) => ({
        sent: Buffer.from(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: x\r\n\r\n`),
        heard: 'HTTP/1.1 200 Connection established\r\n\r\n',
      }),
    ],
  ];

  it.each(handshakes)(
    '%s: any split gives the same, and bytes sent too early are not lost',
    async (_name, make) => {
      const { sent, heard } = make(await echo());
      const mixed = await lab.mixed();
      for (const step of [1, 2, 5, 1000]) {
        const client = lab.client(mixed.port);
        const all = Buffer.concat([sent, Buffer.from('early')]);
        for (let at = 0; at < all.length; at += step) {
          client.send(all.subarray(at, at + step));
          await new Promise(setImmediate);
        }
        expect(await client.until((text) => text.length >= heard.length + 7)).toBe(`${heard}hiearly`);
        client.socket.end('last');
        expect(await client.toEnd()).toBe('last');
        expect(client.ending).toBe('fin');
      }
      await expect.poll(() => mixed.opener.live).toBe(0);
    },
  );

  it.each(handshakes)('%s: a client that half-closes at once still gets its answer', async (_name, make) => {
    const { sent, heard } = make(await echo());
    const client = lab.client((await lab.mixed()).port);
    client.socket.end(Buffer.concat([sent, Buffer.from('early')]));
    expect(await client.toEnd()).toBe(`${heard}hiearly`);
    expect(client.ending).toBe('fin');
  });

  it.each(handshakes)(
    '%s: a client that goes away before the answer takes the dial along',
    async (_name, make) => {
      const { sent } = make(1);
      const streams: string[] = [];
      const opener = {
        open: () => {
          streams.push('open');
          return {
            id: 1,
            target: undefined,
            counters: { sent: 0, received: 0 },
            listen() {},
            write: () => true,
            writeBorrowed: () => true,
            end() {},
            reset: () => void streams.push('reset'),
            consumed() {},
          };
        },
      };
      const port = await lab.origin((socket) => serveMixed(socket, opener, { join: simpleJoin }));
      const client = lab.client(port);
      client.send(sent);
      await expect.poll(() => streams).toEqual(['open']);
      client.socket.resetAndDestroy();
      await expect.poll(() => streams).toEqual(['open', 'reset']);
    },
  );

  it('SOCKS5 takes a login', async () => {
    const port = await echo();
    const mixed = await lab.mixed({ auth });
    const client = lab.client(mixed.port);
    client.send(hex('05 02 00 02'));
    expect(await client.until((text) => text.length === 2)).toBe(latin1(hex('05 02')));
    client.send(Buffer.concat([hex('01 02'), Buffer.from('me'), hex('09'), Buffer.from('pass:word')]));
    expect(await client.until((text) => text.length === 2)).toBe(latin1(hex('01 00')));
    client.send(hex(`05 01 00 01 7f000001 ${portHex(port)}`));
    expect(await client.until((text) => text.endsWith('hi'))).toContain(latin1(hex('05 00')));
  });

  it.each([
    ['no acceptable method', '05 01 00', '05 ff', true],
    ['a wrong login', '05 01 02 01 02 6d65 01 78', '05 02 01 01', true],
    ['a login of another version', '05 01 02 02', '05 02 01 01', true],
    ['BIND', '05 01 00 05 02 00 01 7f000001 0050', '05 00 05 07 00 01 00000000 0000', false],
    ['UDP ASSOCIATE', '05 01 00 05 03 00 01 00000000 0000', '05 00 05 07 00 01 00000000 0000', false],
    ['an unknown address type', '05 01 00 05 01 00 09', '05 00 05 08 00 01 00000000 0000', false],
    ['SOCKS4 BIND', '04 02 0050 7f000001 00', '00 5b 0000 00000000', false],
    ['TLS', '16 03 01', '', false],
    ['a zero byte', '00', '', false],
  ])('answers %s and closes', async (_name, sent, heard, asks) => {
    const { port, opener } = await lab.mixed(asks ? { auth } : {});
    const client = lab.client(port);
    client.send(hex(sent));
    expect(await client.toEnd()).toBe(latin1(hex(heard)));
    expect(client.ending).toBe('fin');
    expect(opener.targets).toEqual([]);
  });

  it.each([
    ['refused', 5],
    ['timeout', 6],
    ['nameNotFound', 4],
    ['denied', 2],
    ['networkUnreachable', 3],
    ['noSession', 1],
  ] as const)('SOCKS5 says %s with %i', async (failure, code) => {
    const { port } = await lab.mixed({}, { failures: { '127.0.0.1:80': failure } });
    const client = lab.client(port);
    client.send(hex('05 01 00 05 01 00 01 7f000001 0050'));
    expect(await client.toEnd()).toBe(latin1(hex(`05 00 05 0${code} 00 01 00000000 0000`)));
  });

  it.each([
    ['GET / HTTP/1.1\r\n folded\r\n\r\n', 400],
    ['GET http://a.test/ HTTP/1.1\r\nA: b\nC: d\r\n\r\n', 400],
    ['POST http://a.test/ HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
    ['GET https://a.test/ HTTP/1.1\r\n\r\n', 400],
    ['CONNECT a.test HTTP/1.1\r\n\r\n', 400],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
    [`GET http://a.test/ HTTP/1.1\r\nA: ${'a'.repeat(MAX_HEAD_BYTES)}`, 431],
  ])('HTTP %j is refused with %i', async (text, status) => {
    const { port, opener } = await lab.mixed();
    const client = lab.client(port);
    client.send(text);
    expect(await client.toEnd()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(client.ending).toBe('fin');
    expect(opener.targets).toEqual([]);
  });

  it.each(['', '05', '05 02 00', '05 01 00 05 01', '04 01', '47 45 54 20'])(
    'cuts a client that stops after "%s"',
    async (sent) => {
      const { port } = await lab.mixed({ headTimeoutMs: 60 });
      const client = lab.client(port);
      client.send(hex(sent));
      await client.toEnd();
      expect(client.ending).toBeDefined();
    },
  );

  it('goes on taking what a refused client still sends, so that no reset overtakes the reply', async () => {
    const { port } = await lab.mixed();
    const client = lab.client(port);
    client.send('POST https://a.test/ HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n');
    expect(await client.toEnd()).toMatch(/^HTTP\/1\.1 400 /);
    for (let times = 0; times < 10; times++) {
      await new Promise<void>((resolve) => client.socket.write(Buffer.alloc(50_000), () => resolve()));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(client.socket.errored).toBeNull();
  });

  it('leaves a tunnel alone that is older than the head timeout', async () => {
    const port = await echo();
    const mixed = await lab.mixed({ headTimeoutMs: 60 });
    const client = lab.client(mixed.port);
    client.send(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\n\r\n`);
    await client.until((text) => text.endsWith('hi'));
    const other = lab.client(mixed.port);
    await other.toEnd();
    client.send('still here');
    expect(await client.until((text) => text.length === 10)).toBe('still here');
  });

  it('survives random bytes: every connection ends, and nothing is opened by accident', async () => {
    const { port } = await lab.mixed({ headTimeoutMs: 500 }, { failures: {} });
    const start = fc.constantFrom(
      '',
      '\x05\x01\0',
      '\x05\x01\0\x05\x01\0\x03',
      '\x04\x01\0P',
      'GET http://',
      '\r\n',
    );
    const property = fc.asyncProperty(start, fc.uint8Array({ maxLength: 80 }), async (first, more) => {
      const client = lab.client(port);
      client.socket.end(Buffer.concat([Buffer.from(first, 'latin1'), Buffer.from(more)]));
      await client.toEnd();
    });
    await fc.assert(property, { seed: 1, numRuns: 150 });
  });
});
