import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, isIP } from 'node:net';
import { printHostPort } from '../../src-shared/address.ts';
import type { TestEvent, TestStep } from '../../src-shared/contract-profiles.ts';
import type { ErrorCode } from '../../src-shared/errors.ts';
import type { CarrierName } from '../../src-shared/profile.ts';
import { type Client, CulvertError, connectError, DEFAULT_CONFIG, silentLogger } from '../engine/index.ts';
import type { RunProfile } from './engine-messages.ts';
import { failureOf } from './failures.ts';
import { makeClient } from './run-client.ts';

/** How often the client is looked at, ms, and how often it asks for an echo. */
const LOOK_MS = 20;
const ECHO_MS = 100;

/** At which step a failure of the client belongs; all others are the handshake's. */
const STEP_OF: Partial<Record<ErrorCode, TestStep>> = {
  ERR_NAME_NOT_FOUND: 'resolve',
  ERR_SERVER_REFUSED: 'connect',
  ERR_SERVER_UNREACHABLE: 'connect',
  ERR_SERVER_TIMEOUT: 'connect',
  ERR_PROXY: 'proxy',
  ERR_TLS: 'tls',
};

/**
 * Tries a profile without listening, step by step, and says how each goes. Name and port are looked at first by
 * themselves, so that a person sees how far it gets; the client then does all of it again.
 */
export async function testProfile(
  profile: RunProfile,
  tell: (event: TestEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const started = performance.now();
  const steps = new Steps(tell);
  const { server, proxy } = profile;
  try {
    const first = proxy ?? server;
    if (isIP(first.host) === 0) await steps.run('resolve', () => resolve(first.host));
    await steps.run(proxy === null ? 'connect' : 'proxy', () => reach(first.host, first.port, signal));
    if (proxy === null && server.scheme === 'https') steps.begin('tls');
    else steps.begin('handshake');
    const client = await makeClient(profile, { log: silentLogger, config: { pingIntervalMs: ECHO_MS } });
    try {
      const { rttMs, transport } = await echo(client, steps, signal);
      tell({ kind: 'passed', transport, rttMs, tookMs: performance.now() - started });
    } finally {
      client.destroy();
    }
  } catch (error) {
    const failure = failureOf(error, { subject: server.host, port: server.port });
    const step = STEP_OF[failure.code] ?? steps.running;
    steps.fail();
    tell({ kind: 'failed', step, failure });
  }
}

class Steps {
  running: TestStep | null = null;
  private readonly tell: (event: TestEvent) => void;

  constructor(tell: (event: TestEvent) => void) {
    this.tell = tell;
  }

  /** The step before it has passed. */
  begin(step: TestStep): void {
    if (this.running === step) return;
    this.pass();
    this.running = step;
    this.tell({ kind: 'step', step, state: 'running' });
  }

  pass(): void {
    if (this.running !== null) this.tell({ kind: 'step', step: this.running, state: 'passed' });
    this.running = null;
  }

  fail(): void {
    if (this.running !== null) this.tell({ kind: 'step', step: this.running, state: 'failed' });
  }

  async run(step: TestStep, action: () => Promise<void>): Promise<void> {
    this.begin(step);
    await action();
    this.pass();
  }
}

async function resolve(host: string): Promise<void> {
  try {
    await lookup(host);
  } catch (cause) {
    throw connectError(host, cause instanceof Error ? cause : new Error(String(cause)));
  }
}

async function reach(host: string, port: number, signal: AbortSignal): Promise<void> {
  const name = printHostPort(host, port);
  const timeout = AbortSignal.timeout(DEFAULT_CONFIG.connectTimeoutMs);
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.any([signal, timeout]) });
  } catch (cause) {
    if (signal.aborted) throw new CulvertError('ERR_CLOSED', 'the test was stopped');
    if (!timeout.aborted) throw connectError(name, cause instanceof Error ? cause : new Error(String(cause)));
    const seconds = DEFAULT_CONFIG.connectTimeoutMs / 1000;
    throw new CulvertError('ERR_SERVER_TIMEOUT', `${name} did not answer within ${seconds} s`, {
      remedy: 'check the address and that the network lets it through',
    });
  } finally {
    socket.on('error', () => {});
    socket.destroy();
  }
}

interface Echo {
  readonly rttMs: number;
  readonly transport: CarrierName;
}

/** Connects and waits for an authenticated echo. The first answer decides, but for what is believed the second time. */
async function echo(client: Client, steps: Steps, signal: AbortSignal): Promise<Echo> {
  await client.start();
  for (;;) {
    if (signal.aborted) throw new CulvertError('ERR_CLOSED', 'the test was stopped');
    const { state, session } = client.status();
    if (state.kind === 'connected') {
      steps.begin('handshake');
      steps.begin('echo');
      if (session?.rttMs !== undefined) {
        steps.pass();
        return { rttMs: session.rttMs, transport: state.transport };
      }
    }
    if (state.kind === 'failed') {
      const { code } = state.error;
      if (code !== 'ERR_TLS') steps.begin('handshake');
      // A server that starts answers as its cover does: see the dialer.
      const perhaps = code === 'ERR_KEY_OR_CLOCK' || code === 'ERR_WRONG_KEY';
      if (!perhaps || state.attempt > 1) throw state.error;
    }
    await new Promise((wake) => setTimeout(wake, LOOK_MS));
  }
}
