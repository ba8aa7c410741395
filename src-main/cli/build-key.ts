import { quote } from '../engine/index.ts';
import type { RawItem } from './argument-table.ts';
import { fromFile } from './chosen.ts';
import type { KeyOption } from './options.ts';
import type { ReadText } from './read-text.ts';
import { itemError, type Outcome, usageError } from './usage-error.ts';

const KEY_EXAMPLE = 'culvert -D 1080 server:80 -p password';

/** `-p`, then `--key-file`, then `CULVERT_KEY`, then the config file's key, then its key file. */
export function readKey(
  items: readonly RawItem[],
  env: NodeJS.ProcessEnv,
  readText: ReadText,
): Outcome<KeyOption> {
  const last = (slot: 'key' | 'keyFile', from: RawItem['from']) =>
    items.findLast((item) => item.slot === slot && item.from === from);
  const flag = last('key', 'command line');
  if (flag) return keyText(flag, '-p');
  const file = last('keyFile', 'command line');
  if (file) return keyFromFile(file, '--key-file', readText);
  const variable = env.CULVERT_KEY;
  if (variable !== undefined) {
    if (variable.trim() !== '') return { ok: true, value: { from: 'env', text: variable } };
    const message = 'the variable CULVERT_KEY is set, but empty';
    return {
      ok: false,
      error: usageError('ERR_BAD_KEY', message, KEY_EXAMPLE, 'unset it or put a key in it'),
    };
  }
  const property = last('key', 'config');
  if (property) return keyText(property, 'config');
  const configured = last('keyFile', 'config');
  if (configured) return keyFromFile(configured, 'config', readText);
  return { ok: true, value: { from: 'none' } };
}

function keyText(item: RawItem, from: '-p' | 'config'): Outcome<KeyOption> {
  const text = item.text ?? '';
  if (text.trim() === '') return { ok: false, error: itemError(item, 'ERR_BAD_KEY', 'the key is empty') };
  return { ok: true, value: { from, text } };
}

/** Space around the key is not part of it: editors and `echo` add line ends. */
function keyFromFile(item: RawItem, from: '--key-file' | 'config', readText: ReadText): Outcome<KeyOption> {
  const path = fromFile(item, item.text ?? '');
  const wrong = (reason: string): Outcome<KeyOption> => {
    const message = `the key file ${quote(path)} is of no use: ${reason}`;
    const hint = 'make one with: culvert keygen > culvert.key';
    return {
      ok: false,
      error: usageError('ERR_BAD_KEY', message, item.option?.example ?? KEY_EXAMPLE, hint),
    };
  };
  const file = readText(path);
  if (!file.ok) return wrong(file.reason);
  const text = file.value.replace(/^\ufeff/, '').trim();
  if (text === '') return wrong('it is empty');
  if (/[\r\n]/.test(text)) return wrong('it has more than one line');
  return { ok: true, value: { from, text } };
}
