import { defineConfig } from 'vitest/config';

const common = { testTimeout: 20_000, hookTimeout: 20_000, pool: 'forks' as const, restoreMocks: true };

/**
 * Two groups, one after the other. `unit` is pure and runs two files at a time. `system` starts processes,
 * opens sockets and measures, so its files run one by one and do not disturb each other's clocks.
 */
export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        test: {
          ...common,
          name: 'unit',
          include: ['test/*.test.ts', 'test/unit/**/*.test.{ts,tsx}'],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...common,
          name: 'system',
          include: ['test/*/**/*.test.{ts,tsx}'],
          exclude: ['test/unit/**'],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
