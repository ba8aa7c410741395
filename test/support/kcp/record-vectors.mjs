// Records runs of the reference KCP, which the unit tests replay against our own:
//
//   node test/support/kcp/record-vectors.mjs path/to/ikcp.c
//
// The npm tarball node-kcp@1.0.13 has the reference in package/src/kcp. It is needed for recording alone.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, '../../unit/engine/carrier/kcp/vectors');

/**
 * Name, then seed, steps, nodelay, interval, resend, nc, stream, mtu, windows, loss and mangling in percent.
 *
 * @type {ReadonlyArray<readonly [string, ...number[]]>}
 */
const RUNS = [
  ['normal', 11, 2000, 0, 40, 2, 1, 0, 1400, 128, 128, 10, 0],
  ['fast', 12, 2000, 0, 30, 2, 1, 1, 1350, 256, 256, 10, 0],
  ['fast2', 13, 2000, 1, 20, 2, 1, 0, 576, 512, 512, 20, 0],
  ['fast3', 14, 2000, 1, 10, 2, 1, 1, 1400, 1024, 1024, 10, 0],
  ['congestion', 15, 2000, 0, 100, 0, 0, 0, 1400, 32, 128, 5, 0],
  ['congestion-fast', 16, 2000, 1, 10, 2, 0, 1, 1400, 256, 128, 3, 0],
  ['mangled', 17, 2000, 1, 10, 2, 1, 0, 300, 256, 256, 5, 10],
];

const reference = process.argv[2];
if (reference === undefined) {
  console.error('usage: node test/support/kcp/record-vectors.mjs path/to/ikcp.c');
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'culvert-kcp-'));
try {
  const driver = join(folder, 'driver');
  const sources = [join(here, 'reference-driver.c'), reference];
  execFileSync(process.env.CC ?? 'cc', [
    '-O1',
    '-fwrapv',
    `-I${dirname(reference)}`,
    '-o',
    driver,
    ...sources,
  ]);
  for (const [name, ...numbers] of RUNS) {
    const text = execFileSync(driver, ['record', ...numbers.map(String)], { maxBuffer: 64 << 20 });
    const packed = gzipSync(text, { level: 9 });
    writeFileSync(join(target, `${name}.txt.gz`), packed);
    const lines = text.toString().split('\n').length - 1;
    console.log(`${name}: ${lines} lines, ${text.length} bytes, packed ${packed.length}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
