/** Command lines as words, the way a shell cuts them; nothing is expanded or run. */
import { MAX_COMMAND_WORDS } from './limits.ts';

/** One command: its words, and the line of the text in which it begins. */
export interface Command {
  readonly words: readonly string[];
  readonly line: number;
}

export type Commands =
  | { readonly ok: true; readonly commands: readonly Command[] }
  | { readonly ok: false; readonly reason: 'unclosedQuote' | 'tooLong'; readonly line: number };

/**
 * Quotes, backslashes, comments, and `;`, `&` and `|` as ends of a command (POSIX shell §2.2, §2.3). A line that
 * ends in a backslash, or in `^` or a backtick as in the shells of Windows, goes on in the next. A backslash stays
 * where it begins no escape that matters, so that `C:\culvert.exe` is one word.
 */
export function splitCommands(text: string): Commands {
  const commands: Command[] = [];
  let words: string[] = [];
  let word: string | undefined;
  let quote = '';
  let line = 1;
  let begun = 1;
  let count = 0;

  const endWord = () => {
    if (word === undefined) return;
    if (words.length === 0) begun = line;
    words.push(word);
    word = undefined;
    count++;
  };
  const endCommand = () => {
    endWord();
    if (words.length > 0) commands.push({ words, line: begun });
    words = [];
  };

  for (let i = 0; i < text.length; i++) {
    if (count > MAX_COMMAND_WORDS) return { ok: false, reason: 'tooLong', line };
    const char = text[i];
    if (char === '\n') line++;
    if (quote !== '') {
      if (char === quote) quote = '';
      else if (char === '\\' && quote === '"' && /["\\$`]/.test(text[i + 1] ?? '')) word += text[++i];
      else word += char;
      continue;
    }
    const goesOn = /^(?:\\|\^|`)[ \t]*\r?\n/.exec(text.slice(i, i + 16));
    if (goesOn !== null) {
      endWord();
      line++;
      i += goesOn[0].length - 1;
    } else if (char === '\n' || char === ';' || char === '&' || char === '|') endCommand();
    else if (/\s/.test(char)) endWord();
    else if (char === '#' && word === undefined) {
      const end = text.indexOf('\n', i);
      i = end < 0 ? text.length : end - 1;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (char === '\\' && /[\s"'\\#;&|$`*]/.test(text[i + 1] ?? '')) word = (word ?? '') + text[++i];
    else word = (word ?? '') + char;
  }
  if (quote !== '') return { ok: false, reason: 'unclosedQuote', line };
  endCommand();
  return { ok: true, commands };
}

export type Program = 'goflyway' | 'culvert' | 'ssh';

/** Which program a command runs, its arguments, and `CULVERT_KEY` where it is set before it. */
export interface Call {
  readonly program: Program;
  readonly args: readonly string[];
  readonly key: string | undefined;
}

const PREFIXES = new Set([
  'sudo',
  'nohup',
  'exec',
  'env',
  'time',
  'npx',
  'node',
  'start',
  '$',
  '>',
  '%',
  '&',
]);

/** Looks past prompts, `sudo`, variables and paths. A command that begins with an option is Culvert's. */
export function findProgram(words: readonly string[]): Call | { readonly unknown: string } {
  let key: string | undefined;
  for (const [index, word] of words.entries()) {
    if (PREFIXES.has(word)) continue;
    const variable = /^([A-Za-z_]\w*)=(.*)$/s.exec(word);
    if (variable !== null) {
      if (variable[1] === 'CULVERT_KEY') key = variable[2];
      continue;
    }
    if (word.startsWith('-')) return { program: 'culvert', args: words.slice(index), key };
    const name = (word.split(/[/\\]/).at(-1) ?? '').toLowerCase().replace(/\.(?:exe|js)$/, '');
    const args = words.slice(index + 1);
    if (name.startsWith('goflyway')) return { program: 'goflyway', args, key };
    if (name === 'culvert') return { program: 'culvert', args, key };
    if (name === 'ssh') return { program: 'ssh', args, key };
    // autossh: -M takes a port, and is all that it adds.
    if (name === 'autossh') return { program: 'ssh', args: args.filter(isNotMonitor), key };
    return { unknown: word };
  }
  // Not the first word: it may set a variable to a secret.
  return { unknown: '' };
}

function isNotMonitor(word: string, index: number, all: readonly string[]): boolean {
  return !/^-M\d*$/.test(word) && all[index - 1] !== '-M';
}
