/** What the proxy was before it was set: on disk before anything is changed, gone when all is put back. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';
import { makeDirectory } from '../../host/make-directory.ts';

const entrySchema = z.strictObject({
  version: z.literal(1),
  system: z.enum(['gnome', 'kde', 'macos', 'windows']),
  endpoint: z.strictObject({ host: z.string().max(253), port: z.int().min(1).max(65_535) }),
  saved: z.record(z.string(), z.string().nullable()),
});
export type JournalEntry = z.infer<typeof entrySchema>;

export class ProxyJournal {
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** undefined: nothing is to be put back. A file that is not what it should be cannot be acted on. */
  read(): JournalEntry | undefined {
    try {
      const entry = entrySchema.safeParse(JSON.parse(readFileSync(this.path, 'utf8')));
      return entry.success ? entry.data : undefined;
    } catch {
      return undefined;
    }
  }

  /** On the disk when it returns: the next command may be the last thing this machine does. */
  write(entry: JournalEntry): void {
    makeDirectory(dirname(this.path));
    const temporary = `${this.path}.tmp`;
    const file = openSync(temporary, 'w', 0o600);
    try {
      writeSync(file, JSON.stringify(entry));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, this.path);
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}
