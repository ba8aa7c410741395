import { setTimeout as pause } from 'node:timers/promises';
import { BOUND_MEASURES, HTTP_MEASURES, type HttpMeasure } from './http-measures.ts';
import { buildHttpRows, type HttpReport, HttpSamples } from './http-report.ts';
import { startBound, startWay, type Tools, WAYS, type Way } from './http-ways.ts';
import type { MeasureContext } from './measures.ts';
import type { BenchOptions } from './options.ts';
import { ProcessSet } from './processes.ts';
import { machineFacts } from './report.ts';
import { buildTb, temporaryFolder } from './rig.ts';
import { rotate } from './suite.ts';
import { Tb } from './tb.ts';
import { warmUp } from './warm-up.ts';

/** Rest between samples, in which a way may finish what the last one left in its buffers. */
const REST_MS = 200;

interface Started {
  readonly way: Way;
  readonly port: number;
  readonly bound: number | undefined;
}

/** Runs the suite `http`: for each run, each measure, each way in turn. */
export async function runHttpSuite(options: BenchOptions, say: (line: string) => void): Promise<HttpReport> {
  const processes = new ProcessSet();
  const folder = temporaryFolder();
  process.on('exit', folder.remove);
  try {
    const tools: Tools = {
      processes,
      folder: folder.path,
      tb: await buildTb(processes, folder.path),
      httpLoad: await buildTb(processes, folder.path, 'http-load'),
      bufferProxy: await buildTb(processes, folder.path, 'buffer-proxy'),
    };
    const started: Started[] = [];
    for (const way of WAYS) {
      const port = await startWay(way, tools);
      const bound = way.id === 'ws' || way.id === 'far' ? undefined : await startBound(way, tools);
      started.push({ way, port, bound });
      say(`${way.title}: up`);
    }
    const context: MeasureContext = { processes, tb: tools.tb, seconds: options.seconds };
    const tool = new Tb(processes, tools.tb);
    for (const { port } of started) await warmUp(tool, port, 'bulk');
    const samples = new HttpSamples();
    const measure = async (each: HttpMeasure, way: Way, port: number, tb: string): Promise<void> => {
      const sample = await each.run(way, port, { ...context, tb });
      samples.add(way.id, each.metrics, sample);
      say(`${way.title}  ${sample.ok ? JSON.stringify(sample.figures) : `FAILED: ${sample.reason}`}`);
      await pause(REST_MS);
    };
    for (let run = 0; run < options.runs; run++) {
      for (const [index, each] of HTTP_MEASURES.entries()) {
        for (const { way, port } of rotate(started, run + index))
          if (each.ways.includes(way.id)) await measure(each, way, port, tools.tb);
      }
      for (const each of BOUND_MEASURES) {
        for (const { way, bound } of started)
          if (bound !== undefined) await measure(each, way, bound, tools.httpLoad);
      }
    }
    return {
      suite: 'http',
      date: new Date().toISOString(),
      machine: machineFacts(),
      runs: options.runs,
      seconds: options.seconds,
      ways: WAYS,
      rows: buildHttpRows([...HTTP_MEASURES, ...BOUND_MEASURES], samples),
    };
  } finally {
    await processes.stopAll();
    process.off('exit', folder.remove);
    folder.remove();
  }
}
