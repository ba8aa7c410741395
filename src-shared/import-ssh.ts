/** `ssh -L` and `-D` command lines. Only where they lead is taken over: the server has to run Culvert. */
import { addRules, sshReading } from './import-draft.ts';
import { type ImportResult, importFault, importItem, Notes } from './import-item.ts';
import { newDraft } from './profile.ts';
import { parseDynamicRule, parseLocalRule, type RuleDraft } from './rules.ts';
import { parseServer } from './server-address.ts';

/** ssh(1): letters that take a value, and those that do not. */
const VALUES = 'BbcDEeFIiJLlmOoPpQRSWw';
const SWITCHES = '46AaCfGgKkMNnqsTtVvXxYy';
/** What says nothing about the forwards: no remark. */
const SILENT = new Set([...'fNnqTtvCMkx']);
/** Where a Culvert server listens unless told. */
const CULVERT_PORT = 8100;

interface Read {
  readonly locals: string[];
  readonly dynamics: string[];
  destination: string | undefined;
  gatewayPorts: boolean;
}

/** `args` without the program's name. Never throws. */
export function importSsh(args: readonly string[]): ImportResult {
  const notes = new Notes();
  const read: Read = { locals: [], dynamics: [], destination: undefined, gatewayPorts: false };
  const fault = readArguments(args, read, notes);
  if (fault !== undefined) return fault;
  const reading = sshReading(read.gatewayPorts);
  const rules: RuleDraft[] = [];
  for (const text of read.locals) {
    if (text.includes('/')) {
      notes.add('notCarried', `-L ${text}`);
      continue;
    }
    const rule = parseLocalRule(text, reading);
    if (!rule.ok) return importFault(rule.reason, `-L ${rule.part}`);
    // Culvert's short forms are not ssh's.
    if (!/:.*:/.test(text)) return importFault('hostMissing', `-L ${text}`);
    rules.push(rule.value);
  }
  for (const text of read.dynamics) {
    const rule = parseDynamicRule(text, reading);
    if (!rule.ok) return importFault(rule.reason, `-D ${rule.part}`);
    rules.push(rule.value);
  }
  if (rules.length === 0) return importFault('noForward');
  if (read.destination === undefined) return importFault('serverMissing');
  const place = read.destination.replace(/^ssh:\/\//i, '');
  const at = place.lastIndexOf('@');
  if (at > 0)
    notes.add('notCarried', place.slice(0, place.indexOf(':') > 0 ? Math.min(at, place.indexOf(':')) : at));
  // Behind ssh:// a port may stand; it is sshd's, and Culvert cannot be there.
  const host = place
    .slice(at + 1)
    .replace(/(?<!:):\d+$/, '')
    .replace(/\/$/, '');
  const server = parseServer(host, CULVERT_PORT);
  if (!server.ok) return importFault(server.reason, server.part);
  const draft = newDraft({ server: server.value });
  addRules(draft, rules, notes);
  notes.add('portAssumed', String(CULVERT_PORT));
  notes.add('keyMissing');
  const item = importItem('ssh', draft, notes);
  return 'reason' in item ? { ok: false, error: item } : { ok: true, items: [item] };
}

/** Options may stand on both sides of the destination; the word after it begins a command to run there. */
function readArguments(
  args: readonly string[],
  read: Read,
  notes: Notes,
): ReturnType<typeof importFault> | undefined {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at];
    if (!arg.startsWith('-') || arg === '-') {
      if (read.destination === undefined) {
        read.destination = arg;
        continue;
      }
      notes.add('notCarried', args.slice(at).join(' '));
      return undefined;
    }
    if (arg === '--') continue;
    for (let i = 1; i < arg.length; i++) {
      const letter = arg[i];
      if (SWITCHES.includes(letter)) {
        if (letter === 'g') read.gatewayPorts = true;
        else if (!SILENT.has(letter)) notes.add('notCarried', `-${letter}`);
        continue;
      }
      if (!VALUES.includes(letter)) return importFault('unknownOption', `-${letter}`);
      const value = arg.slice(i + 1) || args[++at];
      if (value === undefined) return importFault('valueMissing', `-${letter}`);
      if (letter === 'L') read.locals.push(value);
      else if (letter === 'D') read.dynamics.push(value);
      else notes.add(letter === 'R' ? 'reverseNotCarried' : 'notCarried', `-${letter} ${value}`);
      break;
    }
  }
  return undefined;
}
