#!/usr/bin/env node
import { createServer } from 'node:net';
import {
  Client,
  CulvertError,
  describeError,
  generateKey,
  Logger,
  parseKey,
  Server,
} from '../engine/index.ts';
import { measure } from './demo-load.ts';
import { startTarget } from './demo-target.ts';
import { EXIT_CODES, exitCodeFor } from './exit-codes.ts';
import { readVersion } from './help.ts';
import { say, stderrSink } from './print.ts';
import { exitWhenFlushed, guardProcess, reportUnexpected } from './process-guard.ts';
import { onStopSignal } from './stop-signals.ts';

/*
 * `npm run demo`: server, web target and forward in one process on loopback, a real transfer through them, then left
 * running. `--once` ends after the transfer.
 */

const LOOPBACK = '127.0.0.1';
/** Ports that are easy to remember, in the order they are tried. */
const NICE_PORTS = Array.from({ length: 10 }, (_, index) => 8080 + index);

async function demo(once: boolean): Promise<void> {
  const log = new Logger('demo', 'warn', stderrSink());
  const key = await parseKey(generateKey());
  const target = await startTarget();
  const server = new Server({ listen: { host: LOOPBACK, port: 0 }, users: [key], log });
  const { port: serverPort } = await server.start();
  const bind = { host: LOOPBACK, port: await freeNicePort() };
  const client = new Client({
    server: new URL(`ws://${LOOPBACK}:${serverPort}/`),
    transport: 'ws',
    key,
    forwards: [{ kind: 'static', bind, target: { host: '', port: target.port } }],
    log,
  });
  const stop = async (): Promise<void> => {
    target.close();
    await Promise.all([client.close(), server.close()]);
  };
  const stopped = new Promise<'stopped'>((resolve) => onStopSignal(() => resolve('stopped')));
  const [rule] = await client.start();
  const port = rule.listening?.port ?? bind.port;

  say(`Culvert ${readVersion()}: server, web target and forward on loopback, in one process`);
  say('');
  say(`  ${LOOPBACK}:${port}  the forward`);
  say(`  ${LOOPBACK}:${serverPort}  the server, reached by an encrypted session over WebSocket`);
  say(`  ${LOOPBACK}:${target.port}  the web target, reached by the server`);
  say('');
  const figures = await Promise.race([measure(port), stopped]);
  if (figures !== 'stopped') {
    for (const line of figures) say(`  ${line}`);
    if (!once) {
      say('');
      say(`left running: curl http://${LOOPBACK}:${port}/`);
      say('Ctrl-C ends it');
      await stopped;
    }
  }
  await stop();
}

/** One of the nice ports, or 0 for any. */
async function freeNicePort(): Promise<number> {
  for (const port of NICE_PORTS) {
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, LOOPBACK, () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
  return 0;
}

const guard = guardProcess();
demo(process.argv.includes('--once')).then(
  () => exitWhenFlushed(EXIT_CODES.ok.code),
  (error: unknown) => {
    if (!(error instanceof CulvertError)) reportUnexpected(error, guard);
    else say(`culvert demo: ${describeError(error)}`, process.stderr);
    exitWhenFlushed(error instanceof CulvertError ? exitCodeFor(error) : EXIT_CODES.unexpected.code);
  },
);
