import { type ChildProcess, type Serializable, spawn } from 'node:child_process';

/** How much of a process's output is kept for messages: the last 16 KiB. */
const OUTPUT_KEPT = 16 * 1024;

/** How long a process may take to end after SIGTERM before it gets SIGKILL. */
const STOP_GRACE_MS = 4000;

export interface StartOptions {
  /** Beside this process's own; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Opens a message channel (`send`, `onMessage`). */
  readonly ipc?: boolean;
}

/** How a process ended. `code` is undefined when a signal ended it or it never started. */
export interface Exit {
  readonly code: number | undefined;
  readonly text: string;
}

/** One child process: its last output is kept, its end is a promise that never rejects. */
export class Managed {
  readonly name: string;
  readonly ended: Promise<Exit>;
  private readonly child: ChildProcess;
  private kept = '';
  private exit: Exit | undefined;

  constructor(name: string, file: string, args: readonly string[], options: StartOptions) {
    this.name = name;
    const pipes = ['ignore', 'pipe', 'pipe'] as const;
    this.child = spawn(file, args, {
      env: { ...process.env, ...options.env },
      stdio: options.ipc ? [...pipes, 'ipc'] : [...pipes],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8');
      stream?.on('data', (text: string) => {
        this.kept = (this.kept + text).slice(-OUTPUT_KEPT);
      });
    }
    this.ended = new Promise((resolve) => {
      const end = (exit: Exit): void => {
        this.exit ??= exit;
        resolve(this.exit);
      };
      this.child.on('error', (error) => end({ code: undefined, text: `did not run: ${error.message}` }));
      // 'close' rather than 'exit': by then all output has been read.
      this.child.on('close', (code, signal) =>
        end({ code: code ?? undefined, text: signal ? `ended by ${signal}` : `exit code ${code}` }),
      );
    });
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.child.pid;
  }

  get exited(): Exit | undefined {
    return this.exit;
  }

  /** The last output, standard and error mixed, at most 16 KiB. */
  get output(): string {
    return this.kept;
  }

  /** The last lines of output, for a message. */
  tail(lines = 5): string {
    return this.kept.trim().split('\n').slice(-lines).join('\n');
  }

  onOutput(listener: () => void): void {
    this.child.stdout?.on('data', listener);
  }

  send(message: Serializable): void {
    if (this.child.connected) this.child.send(message, () => {});
  }

  /** The next message that `accept` takes (returns not undefined), or undefined at the deadline or its end. */
  message<T>(accept: (message: unknown) => T | undefined, timeoutMs: number): Promise<T | undefined> {
    return new Promise((resolve) => {
      const finish = (value: T | undefined): void => {
        clearTimeout(timer);
        this.child.off('message', listen);
        resolve(value);
      };
      const listen = (message: unknown): void => {
        const value = accept(message);
        if (value !== undefined) finish(value);
      };
      const timer = setTimeout(() => finish(undefined), timeoutMs);
      this.child.on('message', listen);
      void this.ended.then(() => finish(undefined));
    });
  }

  signal(name: NodeJS.Signals): void {
    if (this.exit === undefined) this.child.kill(name);
  }

  /** SIGTERM, then SIGKILL after a grace. True when it ended by itself within the grace. */
  async stop(): Promise<boolean> {
    this.signal('SIGTERM');
    let killed = false;
    const timer = setTimeout(() => {
      killed = true;
      this.signal('SIGKILL');
    }, STOP_GRACE_MS);
    await this.ended;
    clearTimeout(timer);
    return !killed;
  }
}

/** Every process of this module's that still runs. */
const allLive = new Set<Managed>();
let hooked = false;

/** Processes that belong together. None outlives this process, however it ends (but for SIGKILL). */
export class ProcessSet {
  private readonly live = new Set<Managed>();

  start(name: string, file: string, args: readonly string[], options: StartOptions = {}): Managed {
    if (!hooked) {
      hooked = true;
      process.on('exit', () => {
        for (const each of allLive) each.signal('SIGKILL');
      });
    }
    const managed = new Managed(name, file, args, options);
    this.live.add(managed);
    allLive.add(managed);
    void managed.ended.then(() => {
      this.live.delete(managed);
      allLive.delete(managed);
    });
    return managed;
  }

  /** Ends all that still run. Idempotent; the set may be used again afterwards. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.live].map((each) => each.stop()));
  }
}
