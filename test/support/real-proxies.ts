import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

/** Configurations of proxies as people run them; each runs in the foreground as one process, below `folder`. */

export interface NginxOptions {
  readonly folder: string;
  readonly port: number;
  readonly target: number;
  /** Further directives of the location. */
  readonly extra?: string;
}

/** nginx as a reverse proxy with its defaults: whole requests and responses are buffered, 1 MiB of body at most. */
export function nginxConfig({ folder, port, target, extra = '' }: NginxOptions): string[] {
  const file = join(folder, 'nginx.conf');
  mkdirSync(join(folder, 'tmp'), { recursive: true });
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off;
  ${temp.map((name) => `${name}_temp_path ${folder}/tmp/${name};`).join(' ')}
  upstream culvert { server 127.0.0.1:${target}; keepalive 32; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://culvert;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      ${extra}
    }
  }
}
`,
  );
  return ['-p', folder, '-c', file, '-e', 'stderr'];
}

/** squid as a forward proxy that refuses every CONNECT. */
export function squidConfig({ folder, port }: { folder: string; port: number }): string[] {
  const file = join(folder, 'squid.conf');
  writeFileSync(
    file,
    `http_port 127.0.0.1:${port}
acl CONNECT method CONNECT
http_access deny CONNECT
http_access allow all
cache deny all
cache_mem 8 MB
access_log none
cache_log /dev/null
pid_filename ${folder}/squid.pid
coredump_dir ${folder}
shutdown_lifetime 1 seconds
pinger_enable off
netdb_filename none
`,
  );
  return ['-N', '-f', file];
}

/**
 * haproxy before several servers, one of which a cookie sticks to, as its manual has it; `sticky: false` leaves the
 * cookie out. It takes commands at the socket `admin` in its folder.
 */
export function haproxyConfig({
  folder,
  port,
  targets,
  sticky = true,
}: {
  folder: string;
  port: number;
  targets: readonly number[];
  sticky?: boolean;
}): string[] {
  const file = join(folder, 'haproxy.cfg');
  const servers = targets.map(
    (target, index) => `  server s${index} 127.0.0.1:${target}${sticky ? ` cookie s${index}` : ''}`,
  );
  writeFileSync(
    file,
    `global
  stats socket ${folder}/admin mode 600 level admin
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
frontend front
  bind 127.0.0.1:${port}
  default_backend culvert
backend culvert
  balance roundrobin
${sticky ? '  cookie SRV insert indirect nocache\n' : ''}${servers.join('\n')}
`,
  );
  return ['-db', '-f', file];
}

/**
 * Which server of `haproxyConfig` gets what has no cookie; the other serves those that stick to it, and nothing else
 * (its manual: "drain").
 */
export async function haproxyPrefers(folder: string, wanted: number, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const socket = connect(join(folder, 'admin'));
    socket.end(`set server culvert/s${index} state ${index === wanted ? 'ready' : 'drain'}\n`);
    let said = '';
    for await (const chunk of socket) said += chunk;
    if (said.trim() !== '') throw new Error(`haproxy says: ${said}`);
  }
}

/** tinyproxy: HTTP/1.0-minded, one connection per request. CONNECT only to port 1, that is, nowhere. */
export function tinyproxyConfig({
  folder,
  port,
  login,
}: {
  folder: string;
  port: number;
  /** `user password` that it asks for. */
  login?: string;
}): string[] {
  const file = join(folder, 'tinyproxy.conf');
  writeFileSync(
    file,
    `Port ${port}
Listen 127.0.0.1
Timeout 600
MaxClients 100
LogLevel Error
LogFile "${folder}/tinyproxy.log"
ConnectPort 1
${login === undefined ? '' : `BasicAuth ${login}\n`}`,
  );
  return ['-d', '-c', file];
}
