import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HostError } from '../../../src-main/host/failures.ts';
import { type Checked, confFiles, JsonDocument } from '../../../src-main/host/json-document.ts';

interface Numbers {
  numbers: number[];
}

function check(value: unknown): Checked<Numbers> {
  if (typeof value !== 'object' || value === null || !('numbers' in value) || !Array.isArray(value.numbers)) {
    return { kind: 'bad' };
  }
  const numbers = value.numbers.filter((one): one is number => typeof one === 'number');
  return { kind: numbers.length === value.numbers.length ? 'good' : 'partly', value: { numbers } };
}

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'culvert-document-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = () => new JsonDocument(directory, 'numbers', confFiles(directory), check);
const path = (name: string) => join(directory, name);
const aside = () => readdirSync(directory).filter((name) => name.startsWith('numbers.broken-'));

describe('a JSON document', () => {
  it('is not there at first, then is what was saved, for its owner alone', () => {
    chmodSync(directory, 0o755);
    expect(open().load()).toEqual({ value: undefined, origin: 'none', setAside: undefined });
    open().save({ numbers: [1] });
    open().save({ numbers: [2] });
    expect(open().load()).toMatchObject({ value: { numbers: [2] }, origin: 'file' });
    expect(JSON.parse(readFileSync(path('numbers.last.json'), 'utf8'))).toEqual({ numbers: [1] });
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(path('numbers.json')).mode & 0o777).toBe(0o600);
    expect(statSync(path('numbers.last.json')).mode & 0o777).toBe(0o600);
  });

  it.each(['', '{', '{"numbers":', '[1]', 'null', '{"numbers": 1}', '\u0000'])(
    'sets %j aside and takes the last good copy',
    (text) => {
      open().save({ numbers: [1] });
      open().save({ numbers: [2] });
      writeFileSync(path('numbers.json'), text);
      const loaded = open().load();
      expect(loaded).toMatchObject({ value: { numbers: [1] }, origin: 'lastGood' });
      expect(aside()).toHaveLength(1);
      expect(readFileSync(loaded.setAside ?? '', 'utf8')).toBe(text);
      // It is not broken again the next time.
      open().save({ numbers: [3] });
      expect(open().load()).toMatchObject({ value: { numbers: [3] }, origin: 'file', setAside: undefined });
    },
  );

  it('keeps what is good in a file that is not all good, and the file as it was', () => {
    writeFileSync(path('numbers.json'), '{"numbers": [1, "two", 3]}');
    const loaded = open().load();
    expect(loaded).toMatchObject({ value: { numbers: [1, 3] }, origin: 'salvaged' });
    expect(readFileSync(loaded.setAside ?? '', 'utf8')).toContain('two');
  });

  it('starts empty when nothing can be read, and still loses no file', () => {
    writeFileSync(path('numbers.json'), '{');
    writeFileSync(path('numbers.last.json'), '{');
    expect(open().load()).toMatchObject({ value: undefined, origin: 'none' });
    expect(aside()).toHaveLength(1);
  });

  it('sweeps what a killed save has left, and nothing else', () => {
    writeFileSync(path('numbers.json.tmp-123abc'), 'x');
    writeFileSync(path('other.json.tmp-123abc'), 'x');
    open();
    expect(readdirSync(directory)).toEqual(['other.json.tmp-123abc']);
  });

  it('says so when it cannot be written', () => {
    const document = new JsonDocument(
      directory,
      'numbers',
      () => ({
        path: path('numbers.json'),
        write: () => {
          throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
        },
      }),
      check,
    );
    expect(() => document.save({ numbers: [] })).toThrow(HostError);
    expect(() => document.save({ numbers: [] })).toThrow(/ENOSPC/);
  });
});
