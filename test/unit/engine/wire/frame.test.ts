import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  byteFrame,
  creditFrame,
  FRAME,
  FRAME_HEADER,
  LAZY_OPENED,
  openFailedFrame,
  openFrame,
  readOpen,
  readOpenFailed,
  STREAM_PROTOCOL,
  smallFrame,
  writeFrameHeader,
} from '../../../../src-main/engine/wire/frame.ts';

describe('frames on the wire', () => {
  it.each<[string, Buffer, string]>([
    [
      'OPEN by name',
      openFrame(1, STREAM_PROTOCOL.tcp, 'a.bc', 443),
      '01 00000001 000008 00 01bb 04 612e6263',
    ],
    ['OPEN to the server itself', openFrame(3, STREAM_PROTOCOL.tcp, '', 22), '01 00000003 000004 00 0016 00'],
    [
      'OPEN of UDP',
      openFrame(5, STREAM_PROTOCOL.udp, '8.8.8.8', 53),
      '01 00000005 00000b 01 0035 07 382e382e382e38',
    ],
    [
      'OPEN of UDP to many',
      openFrame(5, STREAM_PROTOCOL.udpMany | LAZY_OPENED, '', 0),
      '01 00000005 000004 82 0000 00',
    ],
    ['OPENED', smallFrame(FRAME.opened, 0xfffffff1), '02 fffffff1 000000'],
    ['OPEN_FAILED', openFailedFrame(7, 2, 'no'), '03 00000007 000003 02 6e6f'],
    ['CREDIT', creditFrame(9, 0x12345678), '05 00000009 000004 12345678'],
    ['FIN', smallFrame(FRAME.fin, 2), '06 00000002 000000'],
    ['RESET', byteFrame(FRAME.reset, 4, 1), '07 00000004 000001 01'],
    ['GOAWAY', smallFrame(FRAME.goaway, 0), '08 00000000 000000'],
  ])('%s', (_name, frame, hex) => {
    expect(frame.toString('hex')).toBe(hex.replaceAll(' ', ''));
  });

  it('DATA headers have a 24-bit length', () => {
    const out = Buffer.alloc(FRAME_HEADER + 2, 0xee);
    writeFrameHeader(out, 1, FRAME.data, 0x01020304, 0x040001);
    expect(out.toString('hex')).toBe('ee0401020304040001ee');
  });
});

describe('the payload of OPEN', () => {
  const payload = (host: string, port: number): Buffer => openFrame(1, 0, host, port).subarray(FRAME_HEADER);

  it('reads back', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 40 }),
        fc.integer({ min: 1, max: 65535 }),
        (host, port) => {
          expect(readOpen(payload(host, port))).toEqual({ protocol: 0, lazy: false, host, port });
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });

  it('has a flag beside the protocol', () => {
    const lazy = openFrame(1, STREAM_PROTOCOL.udp | LAZY_OPENED, 'h', 7);
    expect(lazy.toString('hex')).toBe('01000000010000058100070168');
    expect(readOpen(lazy.subarray(FRAME_HEADER))).toEqual({ protocol: 1, lazy: true, host: 'h', port: 7 });
  });

  it('holds a name of 255 bytes and none of 256', () => {
    expect(readOpen(payload('n'.repeat(255), 1))?.host).toHaveLength(255);
    expect(() => openFrame(1, 0, 'n'.repeat(256), 1)).toThrow(RangeError);
    expect(() => openFrame(1, 0, 'é'.repeat(128), 1)).toThrow(RangeError);
  });

  it('is refused when cut, too long, or for port 0', () => {
    const good = payload('host', 80);
    for (let n = 0; n < good.length; n++) expect(readOpen(good.subarray(0, n))).toBeUndefined();
    expect(readOpen(Buffer.concat([good, Buffer.from([0])]))).toBeUndefined();
    expect(readOpen(payload('host', 0))).toBeUndefined();
    expect(readOpen(openFrame(1, STREAM_PROTOCOL.udp, 'host', 0).subarray(FRAME_HEADER))).toBeUndefined();
  });

  it('has port 0 where there are many targets', () => {
    const many = openFrame(1, STREAM_PROTOCOL.udpMany, '', 0).subarray(FRAME_HEADER);
    expect(readOpen(many)).toEqual({ protocol: 2, lazy: false, host: '', port: 0 });
  });
});

describe('the payload of OPEN_FAILED', () => {
  const payload = (message: string): Buffer => openFailedFrame(1, 6, message).subarray(FRAME_HEADER);

  it('reads back; a long text is cut', () => {
    expect(readOpenFailed(payload('näh'))).toEqual({ failure: 6, message: 'näh' });
    expect(readOpenFailed(payload(''))).toEqual({ failure: 6, message: '' });
    expect(readOpenFailed(payload('x'.repeat(9000)))).toEqual({ failure: 6, message: 'x'.repeat(512) });
  });

  it('is refused when empty or too long', () => {
    expect(readOpenFailed(Buffer.alloc(0))).toBeUndefined();
    expect(readOpenFailed(Buffer.alloc(513))).toBeDefined();
    expect(readOpenFailed(Buffer.alloc(514))).toBeUndefined();
  });
});
