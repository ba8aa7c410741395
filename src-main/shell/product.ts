/** What the packages know of the product and the app has to know too. */
import * as z from 'zod';

/**
 * Windows puts notifications and windows to the installed app by it. That of electron-builder.yml (test/shell compares
 * them); once packages are out it stays, or an update is another program.
 */
export const APP_ID = 'io.github.culvert';

const manifestSchema = z.object({ repository: z.object({ url: z.string() }) });

/** The repository's page, of package.json, where its place stands alone. undefined: none, or none that has a page. */
export function repositoryPage(manifest: unknown): string | undefined {
  const read = manifestSchema.safeParse(manifest);
  if (!read.success) return undefined;
  const url = read.data.repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
  return /^https:\/\/[\w.-]+\/[\w.-]+\/[\w.-]+$/.test(url) ? url : undefined;
}

/** Where a version's packages are. */
export function releasePage(repository: string, version: string): string {
  return `${repository}/releases/tag/${encodeURIComponent(`v${version}`)}`;
}
