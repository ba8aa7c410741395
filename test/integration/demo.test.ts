import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { projectRoot } from '../bench/rig.ts';
import { CulvertLab, exitCodeOf, says } from '../support/culvert-process.ts';

const lab = new CulvertLab();
afterAll(() => lab.close());

it('npm run demo moves real data, prints its figures, and is left running until it is interrupted', async () => {
  const script = join(projectRoot(), 'out', 'src-main', 'cli', 'demo.js');
  const demo = lab.program(process.execPath, [script]);
  const [, url] = await says(demo, /left running: curl (http:\S+)/, 50_000);
  expect(demo.output).toMatch(/download +256 MiB +\S+ (s|ms) +\S+ MiB\/s/);
  expect(demo.output).toMatch(/upload +64 MiB +\S+ (s|ms) +\S+ MiB\/s/);
  expect(demo.output).toMatch(/round trip +200 times +p50 \S+ ms +p99 \S+ ms/);
  expect(demo.output).toMatch(/every byte was compared/);
  expect(await (await fetch(url)).text()).toMatch(/This page came through the tunnel/);
  const data = await (await fetch(new URL('/random?bytes=3000000', url))).arrayBuffer();
  expect(data.byteLength).toBe(3_000_000);
  demo.signal('SIGINT');
  expect(await exitCodeOf(demo)).toBe(0);
}, 70_000);
