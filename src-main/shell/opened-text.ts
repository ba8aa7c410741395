/** The text behind what was opened: a link is its own, a file is read, as far as an import may be long. */
import { open } from 'node:fs/promises';
import { MAX_BACKUP_TEXT } from '../../src-shared/limits.ts';
import type { Opened } from './launch-args.ts';

/** undefined: the file cannot be read, or is larger than anything that can be imported. */
export async function openedText(opened: Opened): Promise<string | undefined> {
  if (opened.kind === 'link') return opened.text;
  try {
    const file = await open(opened.path, 'r');
    try {
      const { size } = await file.stat();
      return size > MAX_BACKUP_TEXT ? undefined : await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}
