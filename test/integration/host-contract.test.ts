import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applyConnections, NO_CONNECTIONS } from '../../src-shared/connections.ts';
import type { TestEvent } from '../../src-shared/contract-profiles.ts';
import { parseLink } from '../../src-shared/link.ts';
import { draftOf, type ProfileDraft } from '../../src-shared/profile.ts';
import { KEEP } from '../../src-shared/schema.ts';
import type { AppState } from '../../src-shared/state.ts';
import { FarEnd, freePort, portOf } from '../support/far-end.ts';
import { failureOf, type HostClient, HostRig, stateUntil } from '../support/host-rig.ts';
import { SocksUdpClient, UdpProgram, udpEcho } from '../support/udp-programs.ts';

/** The real host over both pipes, with a real server behind it. One suite: the page cannot tell the pipes apart. */
const far = new FarEnd();
/** Ways that lead nowhere: a clock that is off, a proxy that asks who one is, nobody who answers. */
const ways: Server[] = [];
const way = { clock: 0, proxy: 0, silent: 0 };
/** A host whose server never answers: that this is so is known after 15 s, while the other tests run. */
let slow: HostRig;
let slowTest: Promise<TestEvent | undefined>;
beforeAll(async () => {
  await far.start();
  way.clock = await answering(() => {
    const date = new Date(Date.now() + 600_000).toUTCString();
    return `HTTP/1.1 404 Not Found\r\nDate: ${date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
  });
  way.proxy = await answering(
    () => 'HTTP/1.1 407 Who Are You\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
  );
  way.silent = await answering(() => '');
  slow = new HostRig();
  const client = slow.overPort();
  const draft = far.draft({ server: at('127.0.0.1', way.silent) });
  const { id } = await client.profiles.create({ draft });
  await client.profiles.connect({ ids: [id] });
  slowTest = outcome(client, draft);
  // Where the test that waits for it is not run, nobody does.
  slowTest.catch(() => {});
});
afterAll(async () => {
  await slow?.close();
  for (const server of ways) server.close();
  await far.close();
});

/** A server that gives every request this answer; '' = none. */
async function answering(answer: () => string): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      const text = answer();
      if (text !== '') socket.end(text);
    });
  });
  ways.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return portOf(server);
}

async function outcome(client: HostClient, draft: ProfileDraft): Promise<TestEvent | undefined> {
  let last: TestEvent | undefined;
  for await (const event of await client.profiles.test({ id: null, draft })) last = event;
  return last;
}

const at = (host: string, port: number) => ({ scheme: 'http' as const, host, port, path: '/' });

const proxyAt = (port: number) => ({ scheme: 'http' as const, host: '127.0.0.1', port, user: '' });
/** This clock, before a server whose `Date` is ten minutes on. */
const LATE = { status: 404, clockOffsetMs: -600_000 };

const connected = (id: string) => (state: AppState) => {
  const status = state.statuses[id];
  const listeners = Object.values(status?.listeners ?? {});
  return (
    status?.connection.kind === 'connected' &&
    listeners.length > 0 &&
    listeners.every(({ kind }) => kind === 'listening' || kind === 'off')
  );
};

function listenPort(state: AppState, id: string, rule = 0): number {
  const listener = Object.values(state.statuses[id].listeners)[rule];
  if (listener.kind !== 'listening') throw new Error(`it is ${listener.kind}`);
  return listener.port;
}

/** What a machine may take whose cores others use. */
const BUSY = { timeout: 15_000 };

/** A connection of the test's own: being reset is no fault of it. */
function dial(port: number): Socket {
  return connect(port, '127.0.0.1').on('error', () => {});
}

function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

async function echoed(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [chunk] = await once(socket, 'data');
  return String(chunk);
}

describe.each(['MessagePort', 'WebSocket'])('the host over a %s', (pipe) => {
  let rig: HostRig;
  let client: HostClient;
  beforeEach(async () => {
    rig = new HostRig();
    client = pipe === 'MessagePort' ? rig.overPort() : await rig.overWebSocket();
  });
  afterEach(() => rig.close());

  it('says who it is', async () => {
    expect(await client.system.hello({ contract: 1 })).toEqual({ contract: 1, version: '0.0.0' });
    expect(await client.system.ping()).toBeUndefined();
    expect((await failureOf(client.update.check())).code).toBe('ERR_UNSUPPORTED');
    expect((await failureOf(client.system.openClockSettings())).code).toBe('ERR_UNSUPPORTED');
    expect((await failureOf(client.settings.change({ change: { startHidden: true } }))).code).toBe(
      'ERR_UNSUPPORTED',
    );
  });

  it('creates, connects, carries, disconnects', async () => {
    const { id, revision } = await client.profiles.create({ draft: far.draft() });
    expect(revision).toBe(1);
    await client.profiles.connect({ ids: [id] });
    const state = await stateUntil(client, connected(id));
    expect(state.profiles[id].secrets.key).toMatchObject({ kind: 'set', verdict: 'generated', bits: 256 });
    expect(JSON.stringify(state)).not.toContain(far.key);

    const socket = dial(listenPort(state, id));
    expect(await echoed(socket, 'hello')).toBe('hello');
    let table = NO_CONNECTIONS;
    for await (const event of await client.connections.watch({ profileId: id, hz: 10 })) {
      table = applyConnections(table, event);
      if ([...table.rows.values()][0]?.received === 5) break;
    }
    const [row] = [...table.rows.values()];
    // Whichever transport was the first to answer, or does best on a busy machine.
    expect(row).toMatchObject({ profileId: id, state: 'open', sent: 5, received: 5 });
    expect(['ws', 'http', 'kcp']).toContain(row.transport);
    expect(row.target).toEqual({ host: '', port: far.echoPort });
    const closed = closeOf(socket);
    expect(await client.connections.close({ ids: [row.id, 'c0-9-9', 'nonsense'] })).toEqual({ closed: 1 });
    await closed;

    await client.profiles.disconnect({ ids: [id] });
    const off = await stateUntil(client, ({ statuses }) => statuses[id].connection.kind === 'stopped');
    expect(off.statuses[id]).toMatchObject({ on: false, listeners: {} });
    const daily = await client.stats.daily({ profileId: id, days: 1 });
    expect(daily).toMatchObject([{ sent: 5, received: 5 }]);
    await client.profiles.remove({ ids: [id] });
  });

  it('counts the bytes of datagrams in the rule, the connection, the graph and the totals', async () => {
    const { program: echo, port } = await udpEcho();
    const local = new UdpProgram();
    await local.bind();
    const bind = { host: '127.0.0.1', port: 0 };
    const rule = { kind: 'udp' as const, name: 'dns', enabled: true, bind, target: { host: '', port } };
    const { id } = await client.profiles.create({ draft: far.draft({ rules: [rule] }) });
    await client.profiles.connect({ ids: [id] });
    const at = listenPort(await stateUntil(client, connected(id)), id);
    for (let sent = 0; sent < 3; sent++) {
      await local.send(Buffer.alloc(1_000), at);
      expect((await local.next()).message).toHaveLength(1_000);
    }
    for await (const sample of await client.stats.live({ hz: 10, rulesOf: id })) {
      if (sample.rules[0]?.received !== 3_000) continue;
      expect(sample.rules[0]).toMatchObject({ sent: 3_000, active: 1, total: 1 });
      break;
    }
    for await (const event of await client.connections.watch({ profileId: id, hz: 10 })) {
      if (event.kind !== 'snapshot') continue;
      const row = { protocol: 'udp', target: { port }, sent: 3_000, received: 3_000 };
      expect(event.rows).toMatchObject([row]);
      break;
    }
    const { down } = await client.stats.history({ scope: { kind: 'profile', id }, window: '1m' });
    expect(down.some((rate) => rate !== null && rate > 0)).toBe(true);
    expect(await client.stats.daily({ profileId: id, days: 1 })).toMatchObject([
      { sent: 3_000, received: 3_000 },
    ]);
    local.close();
    // An association of a SOCKS client has no target of its own.
    const dynamic = { kind: 'dynamic' as const, name: '', enabled: true, bind, auth: null };
    const { ruleId } = await client.rules.create({ profileId: id, draft: dynamic });
    const state = await stateUntil(client, (now) => now.statuses[id].listeners[ruleId]?.kind === 'listening');
    const { client: socks } = await SocksUdpClient.open(listenPort(state, id, 1));
    await socks.send(Buffer.alloc(500), '127.0.0.1', port);
    await socks.next();
    for await (const event of await client.connections.watch({ profileId: id, hz: 10 })) {
      if (event.kind !== 'snapshot') continue;
      const row = { ruleId, protocol: 'udp', target: null, sent: 500, received: 500 };
      expect(event.rows).toEqual(expect.arrayContaining([expect.objectContaining(row)]));
      break;
    }
    socks.close();
    echo.close();
    await client.profiles.remove({ ids: [id] });
  });

  it('changes rules without a break for the others', async () => {
    const rules = [far.echoRule({ name: 'one' }), far.echoRule({ name: 'two' })];
    const { id } = await client.profiles.create({ draft: far.draft({ rules }) });
    await client.profiles.connect({ ids: [id] });
    const state = await stateUntil(client, connected(id));
    const [one, two] = state.profiles[id].rules;
    const kept = dial(listenPort(state, id, 0));
    const cut = dial(listenPort(state, id, 1));
    expect(await echoed(kept, 'a')).toBe('a');
    expect(await echoed(cut, 'b')).toBe('b');

    const ended = closeOf(cut);
    await client.rules.setEnabled({ profileId: id, ruleId: two.id, enabled: false });
    await ended;
    const { ruleId } = await client.rules.create({ profileId: id, draft: far.echoRule({ name: 'three' }) });
    const now = await stateUntil(client, (one) => one.statuses[id].listeners[ruleId]?.kind === 'listening');
    expect(now.statuses[id].listeners[two.id]).toEqual({ kind: 'off' });
    const third = dial(listenPort(now, id, 2));
    expect(await echoed(third, 'c')).toBe('c');
    third.destroy();

    const undo = await client.rules.remove({ profileId: id, ruleIds: [two.id] });
    await stateUntil(client, ({ profiles }) => profiles[id].rules.length === 2);
    await client.undo.run({ token: undo.token });
    const back = await stateUntil(client, ({ profiles }) => profiles[id].rules.length === 3);
    expect(back.profiles[id].rules.map(({ name }) => name)).toEqual(['one', 'two', 'three']);
    expect((await failureOf(client.undo.run({ token: undo.token }))).code).toBe('ERR_EXPIRED');
    // Renaming a rule is no reason to open it anew.
    const draft = { ...one, name: 'first' };
    const { revision } = back.profiles[id];
    await client.rules.update({
      profileId: id,
      ruleId: one.id,
      revision,
      draft: { ...draft, kind: 'static', target: { host: '', port: far.echoPort } },
    });
    expect(await echoed(kept, 'd')).toBe('d');
    kept.destroy();
    await client.profiles.remove({ ids: [id] });
  });

  it('moves to another transport while data flows, and keeps the connection', async () => {
    const { id } = await client.profiles.create({ draft: far.draft({ transport: 'ws' }) });
    await client.profiles.connect({ ids: [id] });
    const state = await stateUntil(client, connected(id));
    expect(state.statuses[id].connection).toMatchObject({ transport: 'ws' });
    const socket = dial(listenPort(state, id));
    let sent = 0;
    let received = 0;
    let cut = false;
    socket.on('data', (chunk) => {
      received += chunk.length;
    });
    socket.once('close', () => {
      cut = true;
    });
    const pour = setInterval(() => {
      sent += 10_000;
      socket.write(Buffer.alloc(10_000));
    }, 5);
    for (const transport of ['http', 'kcp', 'ws'] as const) {
      const saved = await client.profiles.setTransport({ id, transport });
      await stateUntil(client, ({ statuses, profiles }) => {
        const { connection } = statuses[id];
        const moved = connection.kind === 'connected' && connection.transport === transport;
        return moved && profiles[id].revision === saved.revision;
      });
      const before = received;
      await expect.poll(() => received - before, BUSY).toBeGreaterThan(100_000);
    }
    clearInterval(pour);
    await expect.poll(() => received, BUSY).toBe(sent);
    expect(cut).toBe(false);
    socket.destroy();
  }, 60_000);

  it.each([
    [
      'a wrong key',
      { secrets: { key: { kind: 'set' as const, text: 'another key' }, proxyPassword: KEEP } },
      'ERR_WRONG_KEY',
    ],
    ['a name that is not there', { server: at('no-such-host.invalid', 80) }, 'ERR_NAME_NOT_FOUND'],
    ['a port where nobody listens', { server: at('127.0.0.1', 1) }, 'ERR_SERVER_REFUSED'],
    ['no key', { secrets: { key: KEEP, proxyPassword: KEEP } }, 'ERR_NO_KEY'],
    ['a clock that is off', () => ({ server: at('127.0.0.1', way.clock) }), 'ERR_CLOCK', LATE],
    ['a proxy that asks who one is', () => ({ proxy: proxyAt(way.proxy) }), 'ERR_PROXY', { status: 407 }],
  ])(
    'fails for %s with a code of its own, in test and in state',
    async (_what, change, code, details: object = {}) => {
      const draft = far.draft(typeof change === 'function' ? change() : change);
      const failed = await outcome(client, draft);
      if (failed?.kind !== 'failed') throw new Error('it did not fail');
      expect(failed.failure).toMatchObject({ code });
      expect(failed.failure.details ?? {}).toMatchObject(details);
      const { id } = await client.profiles.create({ draft });
      await client.profiles.connect({ ids: [id] });
      const state = await stateUntil(client, ({ statuses }) => {
        const { connection } = statuses[id];
        return connection.kind === 'failed' && connection.failure.code === code;
      });
      const last = state.statuses[id].lastFailure?.failure;
      expect(last?.code).toBe(code);
      expect(last?.details ?? {}).toMatchObject(details);
      expect(state.statuses[id].on).toBe(true);
    },
  );

  it('refuses an update of what somebody else has changed', async () => {
    const { id, revision } = await client.profiles.create({ draft: far.draft() });
    const draft = far.draft({
      name: 'second',
      secrets: { key: { kind: 'keep' }, proxyPassword: { kind: 'keep' } },
    });
    expect(await client.profiles.update({ id, revision, draft })).toEqual({ id, revision: 2 });
    expect((await failureOf(client.profiles.update({ id, revision, draft }))).code).toBe('ERR_CONFLICT');
    expect((await failureOf(client.profiles.update({ id: 'gone', revision, draft }))).code).toBe(
      'ERR_NOT_FOUND',
    );
    expect(await client.profiles.reveal({ id, secret: { kind: 'key' } })).toEqual({ text: far.key });
    await client.profiles.remove({ ids: [id] });
  });

  it('duplicates, moves, removes and puts back, secrets included', async () => {
    const { id: a } = await client.profiles.create({ draft: far.draft({ name: 'a' }) });
    const { id: b } = await client.profiles.duplicate({ id: a, name: '' });
    const { id: c } = await client.profiles.create({ draft: far.draft({ name: 'c' }) });
    await client.profiles.move({ id: c, before: a });
    const state = await stateUntil(client, ({ order }) => order.length === 3);
    expect(state.order.map((id) => state.profiles[id].name)).toEqual(['c', 'a', 'a 2']);
    await client.profiles.connect({ ids: [a] });
    const undo = await client.profiles.remove({ ids: [a, b] });
    await stateUntil(client, ({ order }) => order.length === 1);
    await client.undo.run({ token: undo.token });
    const back = await stateUntil(client, connected(a));
    expect(back.order).toEqual([c, a, b]);
    expect(await client.profiles.reveal({ id: b, secret: { kind: 'key' } })).toEqual({ text: far.key });
    await client.profiles.remove({ ids: [a, b, c] });
  });

  it('tests a draft before it is saved, step by step', async () => {
    const events = [];
    for await (const event of await client.profiles.test({ id: null, draft: far.draft() }))
      events.push(event);
    const steps = events.flatMap((event) => (event.kind === 'step' ? [`${event.step} ${event.state}`] : []));
    expect(steps).toEqual([
      'connect running',
      'connect passed',
      'handshake running',
      'handshake passed',
      'echo running',
      'echo passed',
    ]);
    expect(events.at(-1)).toMatchObject({ kind: 'passed' });
  });

  it('names who holds a port, and a free one', async () => {
    const holder = createServer();
    holder.listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const bind = { host: '127.0.0.1', port: portOf(holder) };
    let check = await client.rules.checkPort({ protocol: 'tcp', bind, except: null });
    // The search gives up after two seconds, which a busy machine with many processes may need.
    await expect
      .poll(async () => {
        check = await client.rules.checkPort({ protocol: 'tcp', bind, except: null });
        return check;
      }, BUSY)
      .toMatchObject({ kind: 'taken', holder: { kind: 'process', pid: process.pid } });
    if (check.kind !== 'taken') throw new Error('not taken');
    expect(check.suggestion).toBeGreaterThan(bind.port);

    const draft = far.draft({ rules: [far.echoRule({ port: bind.port })] });
    const { id } = await client.profiles.create({ draft });
    await client.profiles.connect({ ids: [id] });
    const failed = await stateUntil(client, ({ statuses }) =>
      Object.values(statuses[id]?.listeners ?? {}).some(({ kind }) => kind === 'failed'),
    );
    const [listener] = Object.values(failed.statuses[id].listeners);
    expect(listener).toMatchObject({
      kind: 'failed',
      failure: { code: 'ERR_PORT_IN_USE', details: { port: bind.port } },
    });
    const other = await client.rules.checkPort({ protocol: 'tcp', bind, except: null });
    expect(other).toMatchObject({ kind: 'taken', holder: { kind: 'rule', profileId: id } });
    expect(
      await client.rules.checkPort({
        protocol: 'tcp',
        bind: { host: '203.0.113.9', port: 80 },
        except: null,
      }),
    ).toEqual({ kind: 'badAddress' });
    holder.close();
    await client.profiles.remove({ ids: [id] });
  });

  it('shares and imports, and says what would change', async () => {
    const { id } = await client.profiles.create({ draft: far.draft() });
    const bare = await client.share.link({ id, withKey: false, withRules: true });
    expect(bare).toMatchObject({ hasKey: false, rules: 1 });
    const { link } = await client.share.link({ id, withKey: true, withRules: true });
    const read = parseLink(link);
    expect(read.ok && read.items[0].draft.secrets.key).toEqual({ kind: 'set', text: far.key });

    const same = await client.imports.preview({ text: link });
    expect(same).toMatchObject({ ok: true, items: [{ plan: { kind: 'same', id } }] });
    expect(await client.imports.preview({ text: 'culvert://v1/!' })).toMatchObject({ ok: false });
    const state = await stateUntil(client, ({ order }) => order.includes(id));
    const draft = { ...draftOf(state.profiles[id]), name: 'other', transport: 'http' as const };
    const { ids, undo } = await client.imports.apply({
      items: [
        { draft, replace: id },
        { draft: far.draft({ name: 'new' }), replace: null },
      ],
    });
    expect(ids[0]).toBe(id);
    const plan = await client.imports.preview({ text: link });
    expect(plan).toMatchObject({ items: [{ plan: { kind: 'differs', id, fields: ['name', 'transport'] } }] });
    await client.undo.run({ token: undo.token });
    const back = await stateUntil(client, ({ order }) => order.length === 1);
    expect(back.profiles[id].name).toBe('far end');
    expect(await client.profiles.reveal({ id, secret: { kind: 'key' } })).toEqual({ text: far.key });
    await client.profiles.remove({ ids: [id] });
  });

  it.each([null, 'a passphrase'])('backs up and restores everything (passphrase: %s)', async (passphrase) => {
    const { id } = await client.profiles.create({ draft: far.draft() });
    await client.settings.change({ change: { theme: 'dark' } });
    const { content, fileName } = await client.backup.create({ withKeys: true, passphrase });
    expect(fileName).toMatch(/culvert/);
    expect(content.includes(far.key)).toBe(passphrase === null);
    await client.profiles.remove({ ids: [id] });
    await client.settings.change({ change: { theme: 'light' } });

    if (passphrase !== null) {
      expect(await client.backup.preview({ content, passphrase: null })).toEqual({
        kind: 'sealed',
        wrong: false,
      });
      expect(await client.backup.preview({ content, passphrase: 'x' })).toEqual({
        kind: 'sealed',
        wrong: true,
      });
    }
    expect(await client.backup.preview({ content, passphrase })).toMatchObject({
      kind: 'ready',
      hasKeys: true,
      profiles: [{ name: 'far end', plan: { kind: 'add' } }],
    });
    const choice = { content, passphrase, mode: 'replace' as const, settings: true, server: true };
    const { profiles, undo } = await client.backup.restore(choice);
    expect(profiles).toBe(1);
    const state = await stateUntil(
      client,
      ({ settings, order }) => settings.theme === 'dark' && order[0] === id,
    );
    expect(state.profiles[id].name).toBe('far end');
    expect(await client.profiles.reveal({ id, secret: { kind: 'key' } })).toEqual({ text: far.key });
    await client.undo.run({ token: undo.token });
    const back = await stateUntil(client, ({ settings }) => settings.theme === 'light');
    expect(back.order).toEqual([]);
    const broken = await failureOf(
      client.backup.restore({ ...choice, content: '{"format":"culvert-backup"}' }),
    );
    expect(broken.code).toBe('ERR_BAD_BACKUP');
  });

  it('runs the embedded server, and pairs a client with it', async () => {
    await client.server.configure({ change: { bind: { host: '127.0.0.1', port: await freePort() } } });
    await client.server.start();
    const state = await stateUntil(client, ({ server }) => server.state.kind === 'running');
    expect(state.server.key).toMatchObject({ kind: 'set', verdict: 'generated' });
    const { link } = await client.server.pairingLink({ withKey: true, host: '' });
    const preview = await client.imports.preview({ text: link });
    if (!preview.ok) throw new Error('the link does not read');
    const draft = { ...preview.items[0].draft, rules: [far.echoRule()] };
    const { id } = await client.profiles.create({ draft });
    await client.profiles.connect({ ids: [id] });
    const on = await stateUntil(client, connected(id));
    const socket = dial(listenPort(on, id));
    expect(await echoed(socket, 'through')).toBe('through');

    let row: { id: string; sent: number } | undefined;
    for await (const event of await client.server.clients({ hz: 10 })) {
      row = event.clients[0];
      if (row?.sent === 7) break;
    }
    expect(row).toMatchObject({ sent: 7, received: 7, connections: 1 });
    const cut = closeOf(socket);
    await client.server.disconnect({ id: row?.id ?? '' });
    await cut;
    expect((await failureOf(client.server.disconnect({ id: 'ff' }))).code).toBe('ERR_NOT_FOUND');
    await client.server.stop();
    await stateUntil(client, ({ server }) => server.state.kind === 'stopped');
    await client.profiles.remove({ ids: [id] });
  });

  it('keeps a log, and exports it without what is private', async () => {
    await client.profiles.create({ draft: far.draft() });
    rig.host.log('warn', `a line with ${far.key} and alice@example`);
    let found = '';
    for await (const event of await client.logs.watch({ level: 'info', tail: 1_000 })) {
      if (event.kind === 'lines') found += event.lines.map(({ text }) => text).join('\n');
      if (found.includes('a line with')) break;
    }
    let text = '';
    const filter = { level: 'trace' as const, profileId: null, text: 'line with' };
    for await (const piece of await client.logs.export({ filter })) text += piece.text;
    expect(text).toMatch(/a line with \[secret\]/);
    await client.logs.clear();
  });
});

it('fails for a server that never answers, in test and in state', async () => {
  expect(await slowTest).toMatchObject({ kind: 'failed', failure: { code: 'ERR_SERVER_TIMEOUT' } });
  const state = await stateUntil(
    slow.overPort(),
    ({ statuses }) => Object.values(statuses)[0]?.connection.kind === 'failed',
  );
  const [{ connection }] = Object.values(state.statuses);
  expect(connection).toMatchObject({ failure: { code: 'ERR_SERVER_TIMEOUT' } });
}, 60_000);
