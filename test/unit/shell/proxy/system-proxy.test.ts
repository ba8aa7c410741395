import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProxyJournal } from '../../../../src-main/shell/proxy/proxy-journal.ts';
import { SystemProxy } from '../../../../src-main/shell/proxy/system-proxy.ts';
import type { RunCommand } from '../../../../src-main/shell/run-command.ts';
import { type Machine, machines } from './machines.ts';

const endpoint = { host: '127.0.0.1', port: 1080 };

/** A run of the app that ends, as by `kill -9`, after so many steps: what comes then does not happen. */
class Life {
  steps = 0;
  private readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Never returns once the run has ended. */
  async step<T>(action: () => T): Promise<T> {
    if (this.steps >= this.limit) return new Promise(() => {});
    this.steps++;
    return action();
  }

  get isOver(): boolean {
    return this.steps >= this.limit;
  }
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'culvert-journal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const path = (): string => join(folder, 'system-proxy.json');

/** The journal of a run that may end: what it does after that is not done. */
class MortalJournal extends ProxyJournal {
  private readonly life: Life;
  private readonly onOver: () => void;

  constructor(life: Life, onOver: () => void) {
    super(path());
    this.life = life;
    this.onOver = onOver;
  }

  private mortal(action: () => void): void {
    if (this.life.isOver) {
      this.onOver();
      throw new Error('the run has ended');
    }
    this.life.steps++;
    action();
  }

  override write(entry: Parameters<ProxyJournal['write']>[0]): void {
    this.mortal(() => super.write(entry));
  }
  override remove(): void {
    this.mortal(() => super.remove());
  }
}

/** Does something with a proxy that ends after `limit` steps; gives how many there were, and whether it came to its end. */
async function live(
  machine: Machine,
  limit: number,
  action: (proxy: SystemProxy) => Promise<void>,
): Promise<{ steps: number; over: boolean }> {
  const life = new Life(limit);
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const run: RunCommand = async (program, args) => {
    // What only asks changes nothing, so that ending there is ending at the step before.
    if (life.isOver) end();
    return asks(program, args) && !life.isOver
      ? machine.run(program, args)
      : life.step(() => machine.run(program, args));
  };
  const proxy = new SystemProxy({
    systems: [machine.system],
    run,
    journal: new MortalJournal(life, end),
    // Not even that one lives on: the power is gone.
    startWatchdog: () => ({ dismiss: () => {} }),
    log: () => {},
  });
  let over = false;
  const done = action(proxy).then(
    () => {
      over = true;
    },
    () => {},
  );
  await Promise.race([done, ended]);
  return { steps: life.steps, over };
}

const asks = (program: string, args: readonly string[]): boolean =>
  /^\S+ -?(?:get|list|query)|^kread/.test(`${program} ${args[0]}`);
const NEVER = Number.POSITIVE_INFINITY;
const setAndRestore = async (proxy: SystemProxy): Promise<void> => {
  await proxy.set(endpoint);
  await proxy.set({ ...endpoint, port: 1081 });
  await proxy.set(undefined);
};

/** What there is. An address of ours that is off and stands where there was none (macOS has no way to clear it) is none. */
async function settings(machine: Machine): Promise<unknown> {
  const read = await machine.system.read(machine.run);
  return JSON.parse(JSON.stringify(read).replaceAll(/No\|127\.0\.0\.1\|\d+/g, 'No||0'));
}

describe.each(machines)('the system proxy of %s', (_name, make) => {
  it('is as it was after setting and putting back, whatever it was', async () => {
    for (const before of make().befores) {
      const machine = make();
      for (const entry of Object.entries(before)) machine.values.set(...entry);
      const was = await settings(machine);
      await live(machine, NEVER, (proxy) => proxy.set(endpoint));
      expect(await settings(machine)).not.toEqual(was);
      await live(machine, NEVER, (proxy) => proxy.recover());
      expect(await settings(machine)).toEqual(was);
      await live(machine, NEVER, setAndRestore);
      expect(await settings(machine)).toEqual(was);
      expect(existsSync(path())).toBe(false);
    }
  });

  it('is put back at the next start wherever the run before was ended, and that start too', async () => {
    let ends = 0;
    const { befores } = make();
    const last = befores.at(-1);
    for (const before of befores) {
      for (let limit = 0; ; limit++) {
        const machine = make();
        for (const entry of Object.entries(before)) machine.values.set(...entry);
        const was = await settings(machine);
        const { over } = await live(machine, limit, setAndRestore);
        // The start that repairs is ended too, after one step, the next after two, and so on; of one is enough.
        for (let patience = before === last ? 1 : NEVER; ; patience++) {
          const next = await live(machine, patience, (proxy) => proxy.recover());
          if (next.over) break;
        }
        expect({ limit, now: await settings(machine) }).toEqual({ limit, now: was });
        expect(existsSync(path())).toBe(false);
        ends++;
        if (over) break;
      }
    }
    expect(ends).toBeGreaterThan(10);
  });

  it('stays as a person has set it meanwhile, and nothing of ours is left', async () => {
    const machine = make();
    for (const entry of Object.entries(machine.befores[1])) machine.values.set(...entry);
    await live(machine, NEVER, (proxy) => proxy.set(endpoint));
    for (const entry of Object.entries(machine.theirs)) machine.values.set(...entry);
    await live(machine, NEVER, (proxy) => proxy.recover());
    const now = Object.fromEntries(machine.values);
    expect(now).toMatchObject(machine.theirs);
    expect(JSON.stringify(await settings(machine))).not.toContain(endpoint.host);
    const { switchName } = machine.system;
    // Theirs is on: switching it off would take their proxy away.
    if (switchName !== undefined) expect(now[switchName]).toMatch(/manual|^1$|0x1/);
  });

  it('is tried again at the next start when it cannot be put back, and not set anew before', async () => {
    const machine = make();
    for (const entry of Object.entries(machine.befores[0])) machine.values.set(...entry);
    const was = await settings(machine);
    await live(machine, NEVER, (proxy) => proxy.set(endpoint));
    const ours = await settings(machine);
    const log: string[] = [];
    const deaf = new SystemProxy({
      systems: [machine.system],
      run: async (program, args) =>
        asks(program, args) ? machine.run(program, args) : { code: 1, stdout: '' },
      journal: new ProxyJournal(path()),
      startWatchdog: () => ({ dismiss: () => {} }),
      log: (text) => log.push(text),
    });
    await deaf.recover();
    await deaf.set({ ...endpoint, port: 1081 });
    expect(await settings(machine)).toEqual(ours);
    expect(log).toHaveLength(2);
    expect(log[0]).toContain('tried again at the next start');
    await live(machine, NEVER, (proxy) => proxy.recover());
    expect(await settings(machine)).toEqual(was);
  });
});

describe('the journal', () => {
  it('is on the disk before the first value is set, and there until the last one is back', async () => {
    const [, make] = machines[0];
    const machine = make();
    const seen: boolean[] = [];
    const proxy = new SystemProxy({
      systems: [machine.system],
      run: async (program, args) => {
        if (args[0] === 'set') seen.push(existsSync(path()));
        return machine.run(program, args);
      },
      journal: new ProxyJournal(path()),
      startWatchdog: () => ({ dismiss: () => {} }),
      log: () => {},
    });
    await proxy.set(endpoint);
    await proxy.set(undefined);
    expect(seen.length).toBeGreaterThan(10);
    expect(seen).not.toContain(false);
    expect(existsSync(path())).toBe(false);
  });

  it('starts the watchdog before the first value is set, and dismisses it when all is back', async () => {
    const [, make] = machines[0];
    const machine = make();
    const events: string[] = [];
    const proxy = new SystemProxy({
      systems: [machine.system],
      run: async (program, args) => {
        if (args[0] === 'set') events.push('set');
        return machine.run(program, args);
      },
      journal: new ProxyJournal(path()),
      startWatchdog: () => {
        events.push('watch');
        return { dismiss: () => events.push('dismiss') };
      },
      log: () => {},
    });
    await proxy.set(endpoint);
    await proxy.set(undefined);
    expect(events[0]).toBe('watch');
    expect(events.at(-1)).toBe('dismiss');
    expect(events.filter((event) => event !== 'set')).toEqual(['watch', 'dismiss']);
  });

  it.each(['{"version":1', '{"version":1,"system":"other"}', ''])(
    'that is broken (%s) is not acted on',
    async (text) => {
      writeFileSync(path(), text);
      const [, make] = machines[0];
      const machine = make();
      await live(machine, NEVER, (proxy) => proxy.recover());
      expect([...machine.values]).toEqual([]);
    },
  );
});
