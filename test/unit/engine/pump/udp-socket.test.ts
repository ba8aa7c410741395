import { afterEach, expect, it } from 'vitest';
import { systemCode } from '../../../../src-main/engine/base/errors.ts';
import { UdpSocket } from '../../../../src-main/engine/pump/udp-socket.ts';
import { until } from '../../../support/culvert-process.ts';
import { UdpProgram } from '../../../support/udp-programs.ts';

const HOST = '127.0.0.1';
const open: Array<{ close(): void }> = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

function socket() {
  const got: string[] = [];
  const errors: Array<string | undefined> = [];
  const made = new UdpSocket(4, {
    onMessage: (message, from) => got.push(`${message} from ${from.port}`),
    onError: (error) => errors.push(systemCode(error)),
  });
  open.push(made);
  return { socket: made, got, errors };
}

async function program(): Promise<UdpProgram> {
  const made = new UdpProgram();
  await made.bind();
  open.push(made);
  return made;
}

it('sends parts as one datagram, in order, before it is bound', async () => {
  const { socket: from, errors } = socket();
  const to = await program();
  const { port } = to.socket.address();
  for (let i = 0; i < 50; i++) {
    expect(from.send([Buffer.from('part '), Buffer.from(`${i}`)], { host: HOST, port })).toBe(true);
  }
  for (let i = 0; i < 50; i++) expect((await to.next()).message.toString()).toBe(`part ${i}`);
  expect(errors).toEqual([]);
});

it('hears one place only when it is connected', async () => {
  const { socket: mine, got } = socket();
  const [friend, stranger] = [await program(), await program()];
  await mine.connect(HOST, friend.socket.address().port);
  mine.send([Buffer.from('hello')]);
  const { from } = await friend.next();
  await stranger.send(Buffer.from('me too'), from.port);
  await friend.send(Buffer.from('welcome'), from.port);
  await until('the answer', () => got.length > 0);
  expect(got).toEqual([`welcome from ${friend.socket.address().port}`]);
});

it('tells what failed, and stays usable', async () => {
  const { socket: from, errors } = socket();
  const to = await program();
  const { port } = to.socket.address();
  from.send([Buffer.alloc(65_508)], { host: HOST, port });
  await until('the error', () => errors.length === 1);
  expect(errors).toEqual(['EMSGSIZE']);
  from.send([Buffer.from('short')], { host: HOST, port });
  expect((await to.next()).message.toString()).toBe('short');
});

it('cannot be bound where another is', async () => {
  const taken = (await program()).socket.address().port;
  const { socket: second, errors } = socket();
  await expect(second.bind(HOST, taken)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  expect(errors).toEqual([]);
});

it('is silent once it is closed', async () => {
  const { socket: mine, errors } = socket();
  const { port } = await mine.bind(HOST, 0);
  expect(port).toBeGreaterThan(0);
  mine.send([Buffer.alloc(65_508)], { host: HOST, port });
  mine.close();
  mine.close();
  expect(mine.send([Buffer.from('x')], { host: HOST, port })).toBe(false);
  await new Promise((resolve) => setImmediate(resolve));
  expect(errors).toEqual([]);
});

it('never holds more than so much for the kernel', () => {
  const { socket: from } = socket();
  // Within one turn nothing is reported as sent.
  const to = { host: HOST, port: 9 };
  let taken = 0;
  while (from.send([Buffer.alloc(60_000)], to)) taken++;
  expect(taken).toBe(17);
  expect(from.send([Buffer.alloc(100)], to)).toBe(true);
});
