import { defineConfig } from 'vitest/config';

const unitTests = ['test/**/*.test.ts'];
const needsServers = [
  'test/system/**',
  'test/contracts/**',
  'test/adapters/**',
  'test/compose/**',
  'test/evaluation/recall.test.ts',
];

export default defineConfig({
  test: {
    // Each system test has a whole stack of its own.
    maxWorkers: 2,
    projects: [
      { test: { name: 'unit', include: unitTests, exclude: needsServers } },
      {
        test: {
          name: 'servers',
          include: [
            'test/contracts/**/*.test.ts',
            'test/adapters/**/*.test.ts',
            'test/evaluation/recall.test.ts',
          ],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          globalSetup: 'test/system/global-setup.ts',
          testTimeout: 120_000,
          hookTimeout: 180_000,
          expect: { poll: { timeout: 10_000 } },
        },
      },
      {
        test: {
          name: 'containers',
          include: ['test/compose/smoke.test.ts'],
          // After all others: building the image wants the whole machine.
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
        },
      },
    ],
  },
});
