import { defineConfig } from 'vitest/config';

/** `npm run screenshots`: pictures to look at. Not a test, so not among them. */
export default defineConfig({
  test: { include: ['test/ui/screenshots.ts'], testTimeout: 300_000, hookTimeout: 60_000, pool: 'forks' },
});
