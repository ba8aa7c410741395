import { describe, expect, it } from 'vitest';
import {
  decodeClientHello,
  decodeServerHello,
  encodeClientHello,
  encodeServerHello,
  FEATURE,
  MAX_PADDING,
  PROLOGUE,
} from '../../../../src-main/engine/wire/hello.ts';

const CLIENT = {
  clock: 0x018c_0102_0304,
  features: FEATURE.tcp,
  windowBytes: 0x40000,
  receiveBytes: 0x800000,
};
const CLIENT_HEX = '01 018c01020304 00000001 00040000 00800000';
const SERVER = {
  sessionId: Buffer.from('0123456789abcdef', 'hex'),
  features: 1,
  windowBytes: 0x40000,
  receiveBytes: 0x800000,
  keptMs: 600_000,
};
const SERVER_HEX = '01 0123456789abcdef 00000001 00040000 00800000 000927c0';
const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

describe('the prologue', () => {
  it('is what both ends must hash', () => expect(PROLOGUE.toString('latin1')).toBe('culvert/1'));
});

describe.each([
  ['client', CLIENT_HEX, (pad: Buffer) => encodeClientHello(CLIENT, pad), decodeClientHello, CLIENT],
  ['server', SERVER_HEX, (pad: Buffer) => encodeServerHello(SERVER, pad), decodeServerHello, SERVER],
] as const)('the hello of the %s', (_end, hex, encode, decode, fields) => {
  const bytes = bytesOf(hex);

  it('is written as specified', () => {
    expect(encode(Buffer.alloc(0))).toEqual(bytes);
    expect(encode(Buffer.from([9, 9]))).toEqual(Buffer.concat([bytes, Buffer.from([9, 9])]));
  });

  it('reads back, whatever its padding', () => {
    for (const length of [0, 1, MAX_PADDING]) {
      expect(decode(encode(Buffer.alloc(length, 0xff)))).toEqual(fields);
    }
  });

  it('is refused when cut short or of another version', () => {
    for (let n = 0; n < bytes.length; n++) expect(decode(bytes.subarray(0, n))).toBeUndefined();
    for (const version of [0, 2, 255]) {
      expect(decode(Buffer.concat([Buffer.from([version]), bytes.subarray(1)]))).toBeUndefined();
    }
  });
});

describe('the session id of a hello', () => {
  it('does not change with the message it was read from', () => {
    const bytes = bytesOf(SERVER_HEX);
    const hello = decodeServerHello(bytes);
    bytes.fill(0);
    expect(hello?.sessionId).toEqual(SERVER.sessionId);
  });
});
