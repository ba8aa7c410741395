/** Log levels, least to most talkative. */
export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One log line. `scope` names the part that speaks ("client", "server", "ws"). Never holds a key or payload. */
export interface LogEntry {
  readonly time: number;
  readonly level: Exclude<LogLevel, 'silent'>;
  readonly scope: string;
  readonly text: string;
}

export type LogSink = (entry: LogEntry) => void;

/** Text is a function where building it costs something: it is only called when the level is on. */
export type LogText = string | (() => string);

export class Logger {
  readonly scope: string;
  private readonly limit: number;
  private readonly sink: LogSink;

  constructor(scope: string, level: LogLevel, sink: LogSink) {
    this.scope = scope;
    this.limit = LOG_LEVELS.indexOf(level);
    this.sink = sink;
  }

  /** The same sink and level under another scope. */
  child(scope: string): Logger {
    return new Logger(scope, LOG_LEVELS[this.limit], this.sink);
  }

  on(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) <= this.limit;
  }

  error(text: LogText): void {
    this.put('error', text);
  }
  warn(text: LogText): void {
    this.put('warn', text);
  }
  info(text: LogText): void {
    this.put('info', text);
  }
  debug(text: LogText): void {
    this.put('debug', text);
  }
  trace(text: LogText): void {
    this.put('trace', text);
  }

  private put(level: LogEntry['level'], text: LogText): void {
    if (!this.on(level)) return;
    this.sink({ time: Date.now(), level, scope: this.scope, text: typeof text === 'string' ? text : text() });
  }
}

/** Says nothing: the default of a library. */
export const silentLogger = new Logger('', 'silent', () => {});
