import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** `electron-store` itself, over a double of the module that only Electron has. */
const electronStore = {
  name: 'electron-store-over-a-double',
  enforce: 'pre' as const,
  resolveId: (source: string, importer: string | undefined) =>
    source === 'electron' && importer?.includes('/electron-store/') ? '\0electron' : undefined,
  load: (id: string) => {
    if (id !== '\0electron') return undefined;
    const double = fileURLToPath(new URL('test/shell/electron-module.ts', import.meta.url));
    return `import * as electron from ${JSON.stringify(double)};\nexport default electron;`;
  },
};

const common = {
  testTimeout: 20_000,
  hookTimeout: 20_000,
  pool: 'forks' as const,
  restoreMocks: true,
  server: { deps: { inline: ['electron-store'] } },
};

/** Files that replace a module, or load one anew: they need a process of their own. */
const APART = ['test/unit/engine/base/port-owner.test.ts', 'test/unit/shared/schema.test.ts'];

/**
 * Two groups, one after the other. `unit` is pure and runs two files at a time, which share processes: to load the
 * modules anew for each takes as long as the tests. `system` starts processes, opens sockets and measures, so its files
 * run one by one and do not disturb each other's clocks.
 */
export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        plugins: [electronStore],
        test: {
          ...common,
          name: 'unit',
          include: ['test/*.test.ts', 'test/unit/**/*.test.{ts,tsx}'],
          exclude: APART,
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        plugins: [electronStore],
        test: {
          ...common,
          name: 'system',
          include: ['test/!(unit)/**/*.test.{ts,tsx}', ...APART],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
