/**
 * Import from whatever a person pastes, opens or scans: share links, command lines of goflyway, Culvert and ssh, JSON
 * configurations, backups. One text may hold several. Pure and total: it gives drafts or names what is wrong, and
 * never throws. Nothing is saved here, and nothing the text says is run or opened.
 */
import { checkBackup, importBackup, isBackup } from './backup.ts';
import { type Call, findProgram, splitCommands } from './command-words.ts';
import { importConfig } from './import-config.ts';
import { buildDraft } from './import-draft.ts';
import { readFlags } from './import-flags.ts';
import { type ImportItem, type ImportResult, importFault } from './import-item.ts';
import { importSsh } from './import-ssh.ts';
import { MAX_COMMAND_TEXT, MAX_IMPORT_TEXT, MAX_PROFILES } from './limits.ts';
import { isLink, parseLink } from './link.ts';

export function importText(given: string): ImportResult {
  if (given.length > MAX_IMPORT_TEXT) return importFault('tooLong');
  const text = given.replace(/^\ufeff/, '').trim();
  if (text === '') return importFault('empty');
  if (isLink(text)) return importLinks(text);
  if (text.startsWith('{') || text.startsWith('[')) return importJson(text);
  if (text.length > MAX_COMMAND_TEXT) return importFault('tooLong');
  return importCommands(text);
}

/** Each `culvert://` begins a link; what follows up to the next belongs to it, as mail programs break lines. */
function importLinks(text: string): ImportResult {
  const links = text.split(/(?=culvert:\/\/)/i).filter((part) => part.trim() !== '');
  const items: ImportItem[] = [];
  let line = 1;
  for (const link of links) {
    const result = parseLink(link.trim());
    if (!result.ok)
      return links.length === 1 ? result : importFault(result.error.reason, result.error.part, line);
    items.push(...result.items);
    line += link.split('\n').length - 1;
    if (items.length > MAX_PROFILES) return importFault('tooLong');
  }
  return { ok: true, items };
}

function importJson(text: string): ImportResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return importFault('badJson');
  }
  if (!isBackup(value)) return importConfig(value);
  const read = checkBackup(value);
  return read.ok ? importBackup(read.backup) : read;
}

function importCommands(text: string): ImportResult {
  const split = splitCommands(text);
  if (!split.ok) return importFault(split.reason, '', split.line);
  const items: ImportItem[] = [];
  for (const { words, line } of split.commands) {
    const call = findProgram(words);
    const result = 'unknown' in call ? importFault('unknownFormat', call.unknown) : importCall(call);
    if (!result.ok) {
      const { reason, part } = result.error;
      return split.commands.length === 1 ? result : importFault(reason, part, line);
    }
    items.push(...result.items);
    if (items.length > MAX_PROFILES) return importFault('tooLong');
  }
  return items.length === 0 ? importFault('empty') : { ok: true, items };
}

function importCall({ program, args, key }: Call): ImportResult {
  if (program === 'ssh') return importSsh(args);
  const flags = readFlags(args);
  if (!flags.ok) return flags;
  const keyed = key === undefined || flags.items.some((item) => item.slot === 'key');
  const items = keyed
    ? flags.items
    : [...flags.items, { slot: 'key', text: key, label: 'CULVERT_KEY' } as const];
  return buildDraft(program, items, program === 'goflyway');
}
