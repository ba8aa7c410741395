/**
 * Format 0 of `config.json`: one without a number, as a person writes it by hand, with servers and forwards as the
 * command line has them. Keys are not in it; they are entered in the app.
 *
 * ```
 * {"profiles": [{"name": "office", "server": "http://office.example/way", "transport": "ws", "connectAtStart": true,
 *                "local": ["8080:wiki.internal:80", "5353:192.0.2.53:53/udp"], "dynamic": ["1080"]}],
 *  "settings": {"theme": "dark"}}
 * ```
 *
 * FROZEN: never changed, and nothing that may change is imported: see `Migration`.
 */

type Json = Record<string, unknown>;

/** What this does not understand it leaves as it is: the check that follows reports it, and nothing is lost unseen. */
export function formatZeroToOne(config: Json): Json {
  const { profiles, settings = {} } = config;
  return {
    profiles: Array.isArray(profiles) ? profiles.map(profileOf) : profiles,
    settings,
    server: {
      enabled: false,
      bind: { host: '*', port: 8100 },
      publicHost: '',
      publicPort: null,
      path: '/',
      cover: { kind: 'none' },
      limits: limits(),
    },
  };
}

function profileOf(given: unknown, index: number): unknown {
  if (!isRecord(given)) return given;
  const { name = '', server, transport = 'auto', connectAtStart = false, ...more } = given;
  const { local = [], dynamic = [], ...rest } = more;
  const lines = [...listOf(local).map(staticRule), ...listOf(dynamic).map(dynamicRule)];
  return {
    id: `p${index + 1}`,
    name,
    server: typeof server === 'string' ? serverOf(server) : server,
    transport,
    proxy: null,
    headers: [],
    hostHeader: '',
    sni: '',
    userAgent: '',
    ca: '',
    limits: limits(),
    connectAtStart,
    rules: lines.map((rule, at) => (isRecord(rule) ? { ...rule, id: `r${at + 1}` } : rule)),
    createdAt: 0,
    updatedAt: 0,
    revision: 1,
    ...rest,
  };
}

function limits(): Json {
  return { writeBufferBytes: 1_048_576, throttleBytesPerSecond: 0, timeoutSeconds: null };
}

function serverOf(text: string): unknown {
  const match = /^(?:(https?):\/\/)?(\[[\da-f:]+\]|[^:/@[\]]+)(?::(\d+))?(\/\S*)?$/i.exec(text);
  if (match === null) return text;
  const scheme = (match[1] ?? 'http').toLowerCase();
  const port = Number(match[3] ?? (scheme === 'https' ? 443 : 80));
  return { scheme, host: bare(match[2]), port, path: match[4] ?? '/' };
}

/** `[bind:]port:host:hostport[/udp]`; an empty host is the server itself. */
function staticRule(line: unknown): unknown {
  const match = /^(?:(\[[^\]]+\]|[^:]+):)?(\d+):(\[[^\]]+\]|[^:]*):(\d+)(\/udp)?$/i.exec(String(line));
  if (match === null) return line;
  const [, bindHost = '127.0.0.1', port, host, hostPort, udp] = match;
  const bind = { host: bare(bindHost), port: Number(port) };
  const target = { host: bare(host), port: Number(hostPort) };
  return { name: '', enabled: true, kind: udp === undefined ? 'static' : 'udp', bind, target };
}

/** `[bind:]port` */
function dynamicRule(line: unknown): unknown {
  const match = /^(?:(\[[^\]]+\]|[^:]+):)?(\d+)$/.exec(String(line));
  if (match === null) return line;
  const [, bindHost = '127.0.0.1', port] = match;
  return {
    name: '',
    enabled: true,
    kind: 'dynamic',
    bind: { host: bare(bindHost), port: Number(port) },
    auth: null,
  };
}

function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
