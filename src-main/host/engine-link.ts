import { Worker } from 'node:worker_threads';
import {
  type EngineCall,
  type EngineCalls,
  type EngineMessage,
  type EngineNews,
  type EnginePort,
  enginePort,
} from './engine-messages.ts';
import { errorOf, HostError } from './failures.ts';

/** One run of the engine: where its messages go, and how it ends. */
export interface EngineRun {
  readonly port: EnginePort;
  /** Resolves when it ended by itself. */
  readonly ended: Promise<string>;
  kill(): Promise<unknown>;
}
export type StartEngine = (generation: number) => EngineRun;

/** Starts the engine in a thread of its own. `script`: the built engine-worker. */
export function threadedEngine(script: URL = new URL('./engine-worker.js', import.meta.url)): StartEngine {
  return (generation) => {
    const worker = new Worker(script, { workerData: { generation }, name: 'culvert-engine' });
    const ended = new Promise<string>((resolve) => {
      worker.once('error', (error) => resolve(error instanceof Error ? error.message : String(error)));
      worker.once('exit', (code) => resolve(`exit code ${code}`));
    });
    return { port: enginePort(worker), ended, kill: () => worker.terminate() };
  };
}

/** Restarts wait this long, doubled each time up to the second value; a run of the third length starts over. ms. */
const RESTART_MIN_MS = 200;
const RESTART_MAX_MS = 10_000;
const STEADY_MS = 30_000;

export interface EngineEvents {
  onMessage(message: EngineNews): void;
  /** The thread has ended; another is started in `retryMs`. */
  onLost(reason: string, retryMs: number): void;
  /** A new thread is there, and runs nothing yet. Not called for the first. */
  onRestarted(): void;
}

interface Waiting {
  resolve(output: unknown): void;
  reject(error: HostError): void;
}

/** The host's side of the engine's thread: requests with answers, and another thread when one has died. */
export class EngineLink {
  private readonly start: StartEngine;
  private readonly events: EngineEvents;
  private readonly waiting = new Map<number, Waiting>();
  private run: EngineRun | undefined;
  private nextId = 1;
  private generation = 0;
  private failures = 0;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(start: StartEngine, events: EngineEvents) {
    this.start = start;
    this.events = events;
    this.begin();
  }

  /** Whether there is a thread to ask. */
  get isUp(): boolean {
    return this.run !== undefined;
  }

  /** Rejects with the engine's error, or ERR_ENGINE_LOST when there is no thread or it dies before it answers. */
  ask<C extends EngineCall>(
    call: C,
    ...[input]: EngineCalls[C]['input'] extends undefined ? [] : [EngineCalls[C]['input']]
  ): Promise<EngineCalls[C]['output']> {
    const { run } = this;
    if (run === undefined) return Promise.reject(lost());
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: (output) => resolve(output as EngineCalls[C]['output']), reject });
      run.port.post({ kind: 'request', id, call, input: input as EngineCalls[C]['input'] });
    });
  }

  /** Ends the thread as a fault of its own would: another one is started. For tests that drive a real app. */
  async crash(): Promise<void> {
    await this.run?.kill();
  }

  /** Ends the thread in order; after `graceMs` at once. */
  async close(graceMs = 4_000): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.timer);
    const { run } = this;
    if (run === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([this.ask('close').catch(() => {}), late]);
    clearTimeout(timer);
    await run.kill();
  }

  private begin(): void {
    const startedAt = performance.now();
    const run = this.start(this.generation++);
    this.run = run;
    run.port.listen((message: EngineMessage) => {
      if (this.run === run) this.take(message);
    });
    void run.ended.then((reason) => {
      if (this.run === run) this.lost(reason, performance.now() - startedAt);
    });
  }

  private take(message: EngineMessage): void {
    if (message.kind !== 'response' && message.kind !== 'refusal') {
      this.events.onMessage(message);
      return;
    }
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.kind === 'response') waiting?.resolve(message.output);
    else waiting?.reject(errorOf(message.failure));
  }

  private lost(reason: string, ranMs: number): void {
    this.run = undefined;
    for (const waiting of this.waiting.values()) waiting.reject(lost());
    this.waiting.clear();
    if (this.closed) return;
    this.failures = ranMs > STEADY_MS ? 0 : this.failures;
    const retryMs = Math.min(RESTART_MAX_MS, RESTART_MIN_MS * 2 ** this.failures++);
    this.events.onLost(reason, retryMs);
    this.timer = setTimeout(() => {
      this.begin();
      this.events.onRestarted();
    }, retryMs);
  }
}

function lost(): HostError {
  return new HostError('ERR_ENGINE_LOST', 'the engine has ended and is started again');
}
