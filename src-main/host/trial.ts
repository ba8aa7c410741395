import { type Logger, parseKey, Server } from '../engine/index.ts';
import { notFound } from './failures.ts';
import { TryTarget, TryTraffic } from './try-target.ts';

/** What *Try it* needs in the engine's thread: a server, a small site behind it, and somebody who reads it. */
export class Trial {
  private readonly log: Logger;
  private server: Server | undefined;
  private target: TryTarget | undefined;
  private traffic: TryTraffic | undefined;

  constructor(log: Logger) {
    this.log = log;
  }

  async start(key: string): Promise<{ serverPort: number; targetPort: number }> {
    await this.stop();
    this.target = new TryTarget();
    const targetPort = await this.target.start();
    this.server = new Server({
      listen: { host: '127.0.0.1', port: 0 },
      users: [await parseKey(key)],
      log: this.log,
    });
    const { port } = await this.server.start();
    return { serverPort: port, targetPort };
  }

  /** Answers when the first byte came through the forward at this port. ERR_NOT_FOUND without a server. */
  async run(port: number): Promise<void> {
    if (this.server === undefined) throw notFound('trial');
    this.traffic?.stop();
    this.traffic = new TryTraffic(port);
    await this.traffic.start();
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    const { server } = this;
    this.traffic?.stop();
    this.target?.close();
    this.traffic = undefined;
    this.target = undefined;
    this.server = undefined;
    await server?.close();
  }
}
