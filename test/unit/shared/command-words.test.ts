import { describe, expect, it } from 'vitest';
import { findProgram, splitCommands } from '../../../src-shared/command-words.ts';

const words = (text: string) => {
  const split = splitCommands(text);
  return split.ok ? split.commands.map((command) => command.words) : split.reason;
};

describe('splitCommands', () => {
  it.each([
    ['a b  c', [['a', 'b', 'c']]],
    [`a 'b c' "d e"f ''`, [['a', 'b c', 'd ef', '']]],
    ['a "b\\"c" \\"d "\\e"', [['a', 'b"c', '"d', '\\e']]],
    ['C:\\bin\\culvert.exe -D 1', [['C:\\bin\\culvert.exe', '-D', '1']]],
    ['a \\\n b', [['a', 'b']]],
    ['a ^\r\n b', [['a', 'b']]],
    ['a `\n b', [['a', 'b']]],
    ['a; b && c | d\ne', [['a'], ['b'], ['c'], ['d'], ['e']]],
    ['a # b\nc#d', [['a'], ['c#d']]],
    ['a\tb\u3000c', [['a', 'b', 'c']]],
    ['', []],
    ["a 'b", 'unclosedQuote'],
    ['a '.repeat(5_000), 'tooLong'],
  ])('%j', (text, expected) => {
    expect(words(text)).toEqual(expected);
  });

  it('tells the line in which a command begins', () => {
    expect(splitCommands('\na \\\nb\n\nc')).toEqual({
      ok: true,
      commands: [
        { words: ['a', 'b'], line: 2 },
        { words: ['c'], line: 5 },
      ],
    });
  });
});

describe('findProgram', () => {
  it.each([
    ['$ sudo env A=b /usr/bin/culvert -D 1', 'culvert', ['-D', '1']],
    ['node out/src-main/cli/culvert.js -D 1', 'culvert', ['-D', '1']],
    ['npx culvert -D 1', 'culvert', ['-D', '1']],
    ['.\\goflyway_windows.exe -D 1', 'goflyway', ['-D', '1']],
    ['-D 1', 'culvert', ['-D', '1']],
    ['autossh -M 20000 -M0 -D 1 a', 'ssh', ['-D', '1', 'a']],
  ])('%s', (text, program, args) => {
    expect(findProgram(text.split(' '))).toMatchObject({ program, args });
  });
});
