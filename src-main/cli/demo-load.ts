import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { formatBytes, formatDuration, formatRate } from '../../src-shared/format.ts';
import { CulvertError } from '../engine/index.ts';
import { BLOCK_BYTES, DataCheck, dataBlock } from './demo-data.ts';

const DOWN_BYTES = 256 << 20;
const UP_BYTES = 64 << 20;
const ROUND_TRIPS = 200;

/** Moves data through the forward at `port` and compares every byte. Gives a table; throws ERR_INTERNAL on a wrong byte. */
export async function measure(port: number): Promise<string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    await roundTrips(agent, port, 20); // the first few also pay for connecting and compiling
    const down = await timed(() => download(agent, port));
    const up = await timed(() => upload(agent, port));
    const trips = await roundTrips(agent, port, ROUND_TRIPS);
    return [
      row('download', formatBytes(DOWN_BYTES), formatDuration(down), formatRate(perSecond(DOWN_BYTES, down))),
      row('upload', formatBytes(UP_BYTES), formatDuration(up), formatRate(perSecond(UP_BYTES, up))),
      row(
        'round trip',
        `${ROUND_TRIPS} times`,
        `p50 ${formatDuration(percentile(trips, 50))}`,
        `p99 ${formatDuration(percentile(trips, 99))}`,
      ),
      'every byte was compared with what was sent',
    ];
  } finally {
    agent.destroy();
  }
}

function row(...cells: string[]): string {
  return cells
    .map((cell) => cell.padEnd(14))
    .join('')
    .trimEnd();
}

async function timed(action: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await action();
  return performance.now() - started;
}

function perSecond(bytes: number, ms: number): number {
  return (bytes * 1000) / ms;
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))];
}

async function download(agent: Agent, port: number): Promise<void> {
  const response = await get(agent, port, `/random?bytes=${DOWN_BYTES}`);
  const check = new DataCheck();
  for await (const chunk of response) check.take(chunk);
  confirm('download', check, DOWN_BYTES);
}

async function upload(agent: Agent, port: number): Promise<void> {
  const headers = { 'Content-Length': UP_BYTES };
  const post = request({ agent, port, host: '127.0.0.1', method: 'POST', path: '/upload', headers });
  const answered = once(post, 'response');
  for (let index = 0; index * BLOCK_BYTES < UP_BYTES; index++) {
    if (!post.write(dataBlock(index))) await once(post, 'drain');
  }
  post.end();
  const [response]: IncomingMessage[] = await answered;
  const result: unknown = JSON.parse(await textOf(response));
  confirm('upload', result, UP_BYTES);
}

function confirm(what: string, result: unknown, bytes: number): void {
  const right =
    typeof result === 'object' &&
    result !== null &&
    'bytes' in result &&
    'right' in result &&
    result.bytes === bytes &&
    result.right === true;
  if (!right) throw new CulvertError('ERR_INTERNAL', `the ${what} did not arrive as it was sent`);
}

/** ms of each. */
async function roundTrips(agent: Agent, port: number, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const started = performance.now();
    const text = await textOf(await get(agent, port, '/ping'));
    if (text !== 'pong') throw new CulvertError('ERR_INTERNAL', 'a round trip brought a wrong answer');
    times.push(performance.now() - started);
  }
  return times;
}

async function get(agent: Agent, port: number, path: string): Promise<IncomingMessage> {
  const sent = request({ agent, port, host: '127.0.0.1', path });
  sent.end();
  const [response]: IncomingMessage[] = await once(sent, 'response');
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const part of response) text += part;
  return text;
}
