import type { LogEntry, LogLevel, LogSink } from '../engine/index.ts';
import { redactUrl } from './redact.ts';

/** The part of `process.stdout` and `process.stderr` that printing needs. */
export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const COLOURS: Readonly<Record<LogEntry['level'], string>> = {
  error: '\u001b[31m',
  warn: '\u001b[33m',
  info: '',
  debug: '\u001b[2m',
  trace: '\u001b[2m',
};
const RESET = '\u001b[0m';

/** `-q` is -1, each `-v` adds one. The first adds counters to the log, not lines of other levels. */
export function logLevelFor(verbosity: number): LogLevel {
  if (verbosity < 0) return 'error';
  if (verbosity <= 1) return 'info';
  return verbosity === 2 ? 'debug' : 'trace';
}

/**
 * A sink that writes `HH:MM:SS.mmm level scope: text` (local time), one line per entry. Colour only on a
 * terminal, and never with NO_COLOR set to anything (no-color.org). User names and passwords in URLs are left
 * out, and control characters escaped: texts hold what remote sides sent.
 */
export function stderrSink(output: Output = process.stderr, env: NodeJS.ProcessEnv = process.env): LogSink {
  const colour = output.isTTY === true && !env.NO_COLOR;
  return (entry) => {
    const line = formatEntry(entry);
    const start = colour ? COLOURS[entry.level] : '';
    output.write(start === '' ? `${line}\n` : `${start}${line}${RESET}\n`);
  };
}

/** One log line without its end. */
export function formatEntry(entry: LogEntry): string {
  const scope = entry.scope === '' ? '' : `${entry.scope}: `;
  return `${formatTime(entry.time)} ${entry.level.padEnd(5)} ${scope}${printable(redactUrl(entry.text))}`;
}

/** Something a person must see whatever the log level: an address, a client line, a key. One line on stdout. */
export function say(text: string, output: Output = process.stdout): void {
  output.write(`${printable(text)}\n`);
}

function formatTime(time: number): string {
  const date = new Date(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** Line ends become spaces, other control characters `\xNN`, so that one text stays one line. */
function printable(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ').replace(/\p{Cc}/gu, (char) => {
    return char === '\t' ? char : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
