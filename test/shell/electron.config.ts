import { defineConfig } from 'vitest/config';

/** `npm run test:electron`: the scenarios in real Electron. Without its program the file fails and says so. */
export default defineConfig({
  test: {
    include: ['test/shell/electron.scenarios.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 1,
  },
});
