import { expect, test } from 'vitest';
import { parseArguments } from '../../../src-main/cli/arguments.ts';
import { serverUrl, startClient } from '../../../src-main/cli/run-client.ts';
import { silentLogger } from '../../../src-main/engine/index.ts';

function client(words: string) {
  const parsed = parseArguments(['-D', '0', '-p', 'k', ...words.split(' ')], {});
  if (parsed.kind !== 'run' || parsed.options.role !== 'client') throw new Error(words);
  return parsed.options;
}

test.each([
  ['server:80', 'http://server/'],
  ['server:8100', 'http://server:8100/'],
  ['[::1]:8100', 'http://[::1]:8100/'],
  ['wss://server', 'wss://server/'],
  ['ws://server:81/a/b', 'ws://server:81/a/b'],
  ['https://[2001:db8::1]/x', 'https://[2001:db8::1]/x'],
  ['-U assets server:80', 'http://server/assets'],
  ['-U /other ws://server/a', 'ws://server/other'],
])('%s is %s', (words, url) => {
  expect(serverUrl(client(words)).href).toBe(url);
});

test.each([
  ['there is no such file', { ok: false, reason: 'there is no such file' } as const],
  ['there is no certificate in it', { ok: true, value: 'nothing of the kind' } as const],
])('--ca: %s', async (reason, file) => {
  const terminal = { log: silentLogger, say: () => {}, insist: () => {} };
  await expect(startClient(client('--ca x.pem wss://server'), terminal, () => file)).rejects.toMatchObject({
    code: 'ERR_BAD_OPTION',
    message: expect.stringContaining(`--ca "x.pem": ${reason}`),
  });
});
