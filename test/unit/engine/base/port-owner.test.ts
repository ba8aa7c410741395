import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { win32 } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  describePortOwner,
  findPortOwner,
  PORT_OWNER_NAME_CHARS,
  PORT_OWNER_TIMEOUT_MS,
  parseLsof,
  parseNetstat,
  parseProcNet,
  parseTasklist,
} from '../../../../src-main/engine/base/port-owner.ts';

/** Answers the system's commands on a pretended platform; undefined: the command never ends. */
type Answer = (command: string, args: readonly string[]) => string | undefined;
const fake = vi.hoisted(() => ({ answer: undefined as Answer | undefined, killed: 0 }));

vi.mock('node:child_process', async (original) => ({
  ...(await original<typeof import('node:child_process')>()),
  execFile: (
    file: string,
    args: readonly string[],
    options: { signal: AbortSignal },
    done: (error: Error | null, stdout: string) => void,
  ) => {
    const text = fake.answer?.(win32.basename(file), args);
    if (text !== undefined) queueMicrotask(() => done(text === '' ? new Error('exit code 1') : null, text));
    options.signal.addEventListener('abort', () => {
      fake.killed += 1;
    });
  },
}));

const platform = process.platform;
const open: { children: ChildProcess[]; servers: Server[] } = { children: [], servers: [] };

afterEach(async () => {
  Object.defineProperty(process, 'platform', { value: platform });
  vi.useRealTimers();
  fake.answer = undefined;
  fake.killed = 0;
  for (const server of open.servers.splice(0)) server.close();
  for (const child of open.children.splice(0)) {
    const ended = child.exitCode === null ? once(child, 'exit') : undefined;
    child.kill('SIGKILL');
    await ended;
  }
});

function pretend(name: NodeJS.Platform, answer: Answer): void {
  Object.defineProperty(process, 'platform', { value: name });
  fake.answer = answer;
}

async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, '127.0.0.1');
  open.servers.push(server);
  await once(server, 'listening', { signal: AbortSignal.timeout(5_000) });
  return { server, port: (server.address() as AddressInfo).port };
}

/** A process that binds a free port as `bind` (source text that calls `tell(port)`) and stays. */
async function holder(bind: string, title: string): Promise<{ pid: number; port: number }> {
  const source = `process.title = ${JSON.stringify(title)}; const tell = (port) => console.log(port); ${bind}`;
  const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  open.children.push(child);
  const [line] = await once(child.stdout, 'data', { signal: AbortSignal.timeout(8_000) });
  return { pid: child.pid ?? 0, port: Number(String(line)) };
}

const tcp = `const s = require('net').createServer().listen(0, '127.0.0.1', () => tell(s.address().port));`;
const udp = `const s = require('dgram').createSocket('udp4');
  s.bind(0, '127.0.0.1', () => tell(s.address().port));`;

const procTcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:08FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 9343 1 00000000f0153460 100 0 0 10 0
   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 1094 1 0000000075658534 100 0 0 10 0
   2: 0100007F:08FB 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 9400 1 0000000075658535 20 4 30 10 -1
   3: 0100007F:C350 0100007F:0050 01 00000000:00000000 02:00000A00 00000000     0        0 9401 2 0000000075658536 20 4 30 10 -1
   4: 0200007F:08FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 0 1 00000000f0153461 100 0 0 10 0
`;
const procTcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:08FB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 777 1 00000000f0153460 100 0 0 10 0
`;
const procUdp = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  120: 00000000:14E9 00000000:0000 07 00000000:00000000 00:00000000 00000000   108        0 2201 2 00000000a1b2c3d4 0
  121: 0100007F:14E9 0100007F:0035 01 00000000:00000000 00:00000000 00000000  1000        0 2202 2 00000000a1b2c3d5 0
  122: 0100007F:C001 0100007F:14E9 01 00000000:00000000 00:00000000 00000000  1000        0 2203 2 00000000a1b2c3d6 0
`;

describe('parseProcNet', () => {
  test('takes TCP listeners only, by local port, that a process holds', () => {
    expect(parseProcNet(procTcp, 0x08fb, 'tcp')).toEqual(['9343']);
    expect(parseProcNet(procTcp, 80, 'tcp')).toEqual(['1094']);
    expect(parseProcNet(procTcp, 50_000, 'tcp')).toEqual([]);
    expect(parseProcNet(procTcp6, 0x08fb, 'tcp')).toEqual(['777']);
  });

  test('takes UDP sockets in any state, by local port', () => {
    expect(parseProcNet(procUdp, 5353, 'udp')).toEqual(['2201', '2202']);
    expect(parseProcNet(procUdp, 53, 'udp')).toEqual([]);
  });

  test('finds nothing in other text', () => {
    expect(parseProcNet('', 80, 'tcp')).toEqual([]);
    expect(parseProcNet('   1: 00000000:0050 00000000:0000 0A', 80, 'tcp')).toEqual([]);
  });
});

describe('parseLsof', () => {
  const text = [
    'p100\ncfirefox\nf3\nn127.0.0.1:53239->127.0.0.1:5353\n',
    'p200\ncGoogle\\x20Chrome \\xc3\\xa9\nf9\nn[::1]:15353\nf10\nn*:5353\n',
    'p300\ncmDNSResponder\nf8\nn*:5353\n',
  ].join('');

  test('matches the local port, not the remote one, and decodes the name', () => {
    expect(parseLsof(text, 5353)).toEqual({ pid: 200, name: 'Google Chrome é' });
    expect(parseLsof(text, 53_239)).toEqual({ pid: 100, name: 'firefox' });
    expect(parseLsof(text, 353)).toBeUndefined();
    expect(parseLsof('', 5353)).toBeUndefined();
  });

  test('does not give one process the name of another', () => {
    expect(parseLsof('p1\nclaunchd\nn*:1\np2\nn*:22\n', 22)).toBeUndefined();
  });
});

const netstat = `
Aktive Verbindungen

  Proto  Lokale Adresse         Remoteadresse          Status           PID
  TCP    127.0.0.1:8080         93.184.216.34:443      HERGESTELLT      77
  TCP    0.0.0.0:80             0.0.0.0:0              ABHÖREN          4
  TCP    127.0.0.1:8080         0.0.0.0:0              ABHÖREN          1234
  TCP    [::1]:9000             [::]:0                 EN ESCUCHA       5678
  TCP    127.0.0.1:50000        127.0.0.1:9001         TIME_WAIT        0
  UDP    0.0.0.0:5353           *:*                                    2040
`.replaceAll('\n', '\r\n');

describe('parseNetstat', () => {
  test.each([
    [80, 'tcp', 4],
    [8080, 'tcp', 1234],
    [9000, 'tcp', 5678],
    [5353, 'udp', 2040],
    [5353, 'tcp', undefined],
    [8080, 'udp', undefined],
    [443, 'tcp', undefined],
    [50_000, 'tcp', undefined],
  ] as const)('port %i/%s', (port, protocol, pid) => {
    expect(parseNetstat(netstat, port, protocol)).toBe(pid);
  });
});

describe('parseTasklist', () => {
  test('gives the image name of the pid asked for', () => {
    const text = '"my app, new.exe","1234","Console","1","50,000 K"\r\n';
    expect(parseTasklist(text, 1234)).toBe('my app, new.exe');
    expect(parseTasklist(text, 123)).toBeUndefined();
    expect(
      parseTasklist('INFO: No tasks are running which match the specified criteria.\r\n', 1),
    ).toBeUndefined();
  });
});

describe.runIf(process.platform === 'linux')('on Linux', () => {
  test('finds another process by its TCP port', async () => {
    const { pid, port } = await holder(tcp, 'some-server');
    expect(await findPortOwner(port)).toEqual({ pid, name: 'some-server' });
    expect(await describePortOwner(port)).toBe(`some-server (pid ${pid})`);
    expect(await findPortOwner(port, 'udp')).toBeUndefined();
  });

  test('finds another process by its UDP port', async () => {
    const { pid, port } = await holder(udp, 'some-server');
    expect(await findPortOwner(port, 'udp')).toEqual({ pid, name: 'some-server' });
    expect(await findPortOwner(port, 'tcp')).toBeUndefined();
  });

  test('gives the program where the name is only that of a thread', async () => {
    const { pid, port } = await holder(tcp, 'MainThread');
    expect(await findPortOwner(port)).toEqual({ pid, name: 'node' });
  });

  test('lets no control character of a name through', async () => {
    const { pid, port } = await holder(tcp, '\u001b[31mred\nx');
    expect(await describePortOwner(port)).toBe(`?[31mred?x (pid ${pid})`);
  });

  test('finds this process, and nobody once the port is free', async () => {
    const { server, port } = await listen();
    expect(await findPortOwner(port)).toMatchObject({ pid: process.pid });
    server.close();
    await once(server, 'close', { signal: AbortSignal.timeout(5_000) });
    expect(await findPortOwner(port)).toBeUndefined();
    expect(await describePortOwner(port)).toBeUndefined();
  });
});

describe('on macOS', () => {
  test('asks lsof for listeners', async () => {
    const asked: string[] = [];
    pretend('darwin', (command, args) => {
      asked.push(`${command} ${args.join(' ')}`);
      return args.includes('-iTCP:80') ? 'p12\ncnginx\nf6\nn*:80\n' : '';
    });
    expect(await describePortOwner(80)).toBe('nginx (pid 12)');
    expect(await describePortOwner(53, 'udp')).toBeUndefined();
    expect(asked).toEqual(['lsof -nP +c 0 -iTCP:80 -sTCP:LISTEN -Fpcn', 'lsof -nP +c 0 -iUDP:53 -Fpcn']);
  });

  test('bounds the name and ignores a line that was cut', async () => {
    pretend('darwin', () => `p12\nc${'n'.repeat(5_000)}\nf6\nn*:80\n`);
    expect((await findPortOwner(80))?.name).toBe('n'.repeat(PORT_OWNER_NAME_CHARS));
    pretend('darwin', () => 'p12\ncnginx\nf6\nn*:80');
    expect(await findPortOwner(80)).toBeUndefined();
  });

  test('gives up, and ends the command, at the time limit', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    pretend('darwin', () => undefined);
    let settled = false;
    const owner = findPortOwner(80).finally(() => {
      settled = true;
    });
    await vi.advanceTimersByTimeAsync(PORT_OWNER_TIMEOUT_MS - 1);
    expect(settled).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await owner).toBeUndefined();
    expect(fake.killed).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('on Windows', () => {
  test('joins netstat, of both address families, and tasklist', async () => {
    pretend('win32', (command, args) => {
      const line = [command, ...args].join(' ');
      if (line === 'netstat.exe -ano -p TCP') return 'TCP 127.0.0.1:1 0.0.0.0:0 LISTENING 9\r\n';
      if (line === 'netstat.exe -ano -p TCPv6') return 'TCP [::]:80 [::]:0 LISTENING 4\r\n';
      if (line === 'tasklist.exe /FI PID eq 4 /FO CSV /NH') return '"System","4","Services","0","144 K"\r\n';
      return '';
    });
    expect(await describePortOwner(80)).toBe('System (pid 4)');
    expect(await describePortOwner(1)).toBeUndefined();
    expect(await describePortOwner(81)).toBeUndefined();
  });
});

describe('never rejects', () => {
  test.each([0, -1, 65_536, 1.5, Number.NaN])('port %d', async (port) => {
    expect(await describePortOwner(port)).toBeUndefined();
  });

  test('unknown platform, command that cannot be started', async () => {
    const { port } = await listen();
    pretend('aix', () => '');
    expect(await describePortOwner(port)).toBeUndefined();
    pretend('darwin', () => {
      throw new Error('spawn EPERM');
    });
    expect(await describePortOwner(port)).toBeUndefined();
  });
});
