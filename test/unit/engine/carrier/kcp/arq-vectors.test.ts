import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Arq, type ArqOptions } from '../../../../../src-main/engine/carrier/kcp/arq.ts';

/** Runs of the reference, one call a line; see test/support/kcp/reference-driver.c for their form. */
const folder = new URL('./vectors/', import.meta.url);
const names = readdirSync(folder).map((file) => file.replace('.txt.gz', ''));

function sum(bytes: Buffer): string {
  let value = 2166136261;
  for (const byte of bytes) value = Math.imul(value ^ byte, 16777619);
  return `${bytes.length}:${(value >>> 0).toString(16).padStart(8, '0')}`;
}

/** The bytes that the driver sends from `from` on. */
function patternBytes(from: number, length: number): Buffer {
  const out = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) out[i] = Math.imul(from + i, 0x9e3779b1) >>> 24;
  return out;
}

interface Side {
  arq: Arq;
  out: Buffer[];
  sent: number;
}

function openSide(head: string, sent: number): Side {
  const [conv, noDelay, interval, resend, nc, stream, mtu, sendWindow, receiveWindow] = head
    .slice(2)
    .split(' ')
    .map(Number);
  const out: Buffer[] = [];
  const options: ArqOptions = {
    conv,
    mode: { noDelay, interval, resend, noCongestion: nc === 1 },
    mtu,
    sendWindow,
    receiveWindow,
    stream: stream === 1,
    output: (datagram) => out.push(datagram),
  };
  return { arq: new Arq(options), out, sent };
}

/** What our own ARQ does at a line of the record, in the words of the record. */
function replay(line: string, side: Side, peer: Side): string {
  const [name, call, first, second] = line.split(' ');
  switch (call) {
    case 'u': {
      const from = side.out.length;
      side.arq.update(Number(first));
      return [`${name} u ${first} |`, ...side.out.slice(from).map(sum)].join(' ');
    }
    case 's': {
      const taken = side.arq.send(patternBytes(side.sent, Number(first)));
      if (taken) side.sent += Number(first);
      return `${name} s ${first} ${taken ? 0 : -2}`;
    }
    case 'i':
      return `${name} i ${first} ${side.arq.input(peer.out[Number(first)])}`;
    case 'x':
      return `${name} x ${first} ${side.arq.input(Buffer.from(first.slice(0, -1), 'hex'))}`;
    case 'r': {
      const message = side.arq.receive();
      return `${name} r ${message === undefined ? 'nothing' : sum(message)}`;
    }
    case 'c':
      return `${name} c ${first} ${side.arq.check(Number(first))}`;
    default:
      throw new Error(`${second}: no such line`);
  }
}

describe('the ARQ in lockstep with the reference', () => {
  it('has vectors of the four modes, of congestion control and of mangled input', () => {
    expect(names.sort()).toEqual([
      'congestion',
      'congestion-fast',
      'fast',
      'fast2',
      'fast3',
      'mangled',
      'normal',
    ]);
  });

  it.each(names)('%s: every byte and every result', (name) => {
    const text = gunzipSync(readFileSync(new URL(`${name}.txt.gz`, folder))).toString();
    const [head, ...lines] = text.trimEnd().split('\n');
    const sides = { A: openSide(head, 0), B: openSide(head, 1 << 20) };
    let outputs = 0;
    for (const [index, line] of lines.entries()) {
      const [side, peer] = line[0] === 'A' ? [sides.A, sides.B] : [sides.B, sides.A];
      const mine = replay(line, side, peer);
      if (mine !== line) expect.fail(`line ${index + 2}: ${mine} instead of ${line}`);
      outputs += line.includes('|') ? line.split(':').length - 1 : 0;
    }
    expect(outputs).toBeGreaterThan(200);
  });
});
