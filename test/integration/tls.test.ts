import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort, temporaryFolder } from '../bench/rig.ts';
import { CulvertLab, HOST, says } from '../support/culvert-process.ts';

const lab = new CulvertLab();
const folder = temporaryFolder();
lab.onClose(() => folder.remove());
afterAll(() => lab.close());

const [keyFile, certFile] = ['key.pem', 'cert.pem'].map((name) => join(folder.path, name));
let front = 0;
let origin = 0;
let key = '';

/** A TLS front before a real server, as a CDN or a reverse proxy would be. */
beforeAll(async () => {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const files = ['-keyout', keyFile, '-out', certFile];
  execFileSync('openssl', ['req', '-x509', ...made, ...subject, ...files], { stdio: 'ignore' });
  const server = await lab.server();
  key = server.key;
  const tls = createTlsServer({ key: readFileSync(keyFile), cert: readFileSync(certFile) }, (socket) => {
    const inner = connect(server.port, HOST);
    for (const each of [socket, inner]) each.on('error', () => {});
    socket.pipe(inner).pipe(socket);
    socket.on('close', () => inner.destroy());
    inner.on('close', () => socket.destroy());
  });
  front = await lab.listen(tls);
  origin = await lab.listen(createServer((_request, response) => response.end('through TLS')));
}, 30_000);

it('wss:// with --ca works', async () => {
  const local = await freePort();
  const words = ['--ca', certFile, '-L', `${local}::${origin}`, `wss://localhost:${front}`, '-p', key];
  await says(lab.run(words), /connected/);
  expect(await (await fetch(`http://${HOST}:${local}/`)).text()).toBe('through TLS');
});

it('a certificate that nobody vouches for is refused, with the way out', async () => {
  const client = lab.run(['-D', '0', `https://localhost:${front}`, '-p', key]);
  await says(
    client,
    /the certificate of localhost:\d+ is not accepted: .*; name its authority with --ca file/,
  );
});

it('a name that the certificate does not have is refused', async () => {
  const client = lab.run(['--ca', certFile, '-D', '0', `wss://${HOST}:${front}`, '-p', key]);
  await says(client, /the certificate of .* is not accepted: .*correct the host name/);
});
