import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { describeError } from '../../../../src-main/engine/base/errors.ts';
import { listenError } from '../../../../src-main/engine/base/listen-error.ts';
import { listenOn } from '../../../support/tunnel-rig.ts';

const ways = { otherPort: 'choose another', otherHost: 'name another' };
const system = (code: string): Error => Object.assign(new Error(`listen ${code}`), { code });

it('names the port, who has it where the system tells, and what to do', async () => {
  const server = createServer();
  const port = await listenOn(server);
  const error = await listenError({ host: '127.0.0.1', port, ...ways }, system('EADDRINUSE'));
  server.close();
  const { holder } = error.details as { holder?: string };
  expect(error.code).toBe('ERR_PORT_IN_USE');
  expect(error.message).toBe(`port ${port} on 127.0.0.1 is taken by ${holder ?? 'another program'}`);
  if (process.platform === 'linux') expect(holder).toContain(`(pid ${process.pid})`);
  expect(error.remedy).toBe('stop that program, or choose another');
});

it.each([
  [
    80,
    'EACCES',
    'ERR_PORT_FORBIDDEN',
    /allow listening at port 80 on 10\.0\.0\.1.*setcap.*or choose another$/,
  ],
  [
    8080,
    'EACCES',
    'ERR_PORT_FORBIDDEN',
    /allow listening at port 8080 .*; choose another$|: choose another$/,
  ],
  [8080, 'EADDRNOTAVAIL', 'ERR_LISTEN', /no address of this machine.*name another$/],
  [8080, 'ENOTFOUND', 'ERR_LISTEN', /no address of this machine.*name another$/],
  [8080, 'EMFILE', 'ERR_LISTEN', /cannot listen at port 8080 on 10\.0\.0\.1: listen EMFILE.*choose another$/],
])('port %i, %s: %s', async (port, code, ours, text) => {
  const error = await listenError({ host: '10.0.0.1', port, ...ways }, system(code));
  expect(error.code).toBe(ours);
  expect(describeError(error)).toMatch(text);
});

it.each([undefined, '', '*'])('does not name every interface: %s', async (host) => {
  const error = await listenError({ protocol: 'udp', host, port: 9, ...ways }, 'no address family');
  expect(error.message).toBe('cannot listen at UDP port 9: no address family');
});
