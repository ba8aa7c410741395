import { createSecretKey, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../../../../src-main/engine/base/clock.ts';
import { CulvertError } from '../../../../../src-main/engine/base/errors.ts';
import { FLAG } from '../../../../../src-main/engine/carrier/kcp/body.ts';
import { writeFlight } from '../../../../../src-main/engine/carrier/kcp/flight.ts';
import { KcpCarrier } from '../../../../../src-main/engine/carrier/kcp/kcp-carrier.ts';
import { type FlightVerdict, KcpListener } from '../../../../../src-main/engine/carrier/kcp/kcp-listener.ts';
import { LEAST_DATAGRAM } from '../../../../../src-main/engine/carrier/kcp/limits.ts';
import { until } from '../../../../support/culvert-process.ts';

const cleanups: Array<() => unknown> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const secret = createSecretKey(randomBytes(32));

/** A listener that takes every flight, and what it was asked. */
async function listener(): Promise<{ listener: KcpListener; port: number; asked: Buffer[] }> {
  const asked: Buffer[] = [];
  const made = new KcpListener({
    secrets: [secret],
    decide: ({ flight }): FlightVerdict => {
      asked.push(flight);
      return { kind: 'taken', reply: undefined, take: () => {} };
    },
    maxPeers: 8,
    clock: systemClock,
    random: randomBytes,
  });
  cleanups.push(() => made.destroy());
  const { port } = await made.listen({ host: '127.0.0.1', port: 0 });
  return { listener: made, port, asked };
}

/** What a client sends, from its first datagram with the flight to the two in which it says that it ends. */
function lifeOf(flight: string): { first: Buffer; last: Buffer[] } {
  const sent: Buffer[] = [];
  const carrier = new KcpCarrier({
    id: randomBytes(8),
    secret,
    client: true,
    label: 'a client',
    clock: systemClock,
    random: randomBytes,
    sizes: [LEAST_DATAGRAM],
    windowBytes: 1 << 20,
    transmit: (datagram) => sent.push(Buffer.concat([datagram].flat())),
    maySend: () => true,
    defer: setImmediate,
    onGone: () => {},
  });
  carrier.link.piece = {
    flag: FLAG.flight,
    bytes: writeFlight(Buffer.from(flight), systemClock.wall()),
  };
  carrier.link.sendBare(FLAG.trial, LEAST_DATAGRAM);
  carrier.destroy(new CulvertError('ERR_CLOSED', 'given up'));
  const [first, ...last] = sent;
  return { first, last };
}

async function send(port: number, datagrams: readonly Buffer[]): Promise<void> {
  const socket = createSocket('udp4');
  for (const datagram of datagrams)
    await new Promise<void>((resolve) => socket.send(datagram, port, '127.0.0.1', () => resolve()));
  socket.close();
}

it('takes a carrier by its first datagram, and forgets it at its last', async () => {
  const { listener: made, port, asked } = await listener();
  const { first, last } = lifeOf('one');
  await send(port, [first]);
  await until('it is there', () => made.size === 1);
  await send(port, last);
  await until('it is gone', () => made.size === 0);
  expect(asked.map(String)).toEqual(['one']);
  await made.close();
});

it('does not let in a carrier of which only the last words arrive, or it would wait for its end for ever', async () => {
  const { listener: made, port, asked } = await listener();
  const other = lifeOf('another');
  await send(port, [...lifeOf('lost on the way').last, other.first]);
  await until('the other one is there', () => made.size > 0);
  expect(asked.map(String)).toEqual(['another']);
  expect(made.size).toBe(1);
  const closed = made.close();
  await send(port, other.last);
  await closed;
});
