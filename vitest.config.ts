import { defineConfig } from 'vitest/config';

const unitTests = ['test/**/*.test.ts'];
const needsServers = ['test/system/**', 'test/contracts/**', 'test/adapters/**'];

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: unitTests, exclude: needsServers } },
      {
        test: {
          name: 'servers',
          include: ['test/contracts/**/*.test.ts', 'test/adapters/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          globalSetup: 'test/system/global-setup.ts',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
