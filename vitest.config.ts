import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const unitTests = ['test/**/*.test.ts'];
const needsServers = [
  'test/system/**',
  'test/contracts/**',
  'test/adapters/**',
  'test/compose/**',
  'test/evaluation/recall.test.ts',
];

const faultSuite = 'test/system/faults/faults.test.ts';
const system = {
  globalSetup: 'test/system/global-setup.ts',
  testTimeout: 120_000,
  hookTimeout: 180_000,
  expect: { poll: { timeout: 10_000 } },
};

/**
 * Without earlier results Vitest begins with the largest files. absent-clients.test.ts is small and takes long, and
 * would run by itself at the end.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]) {
    const isLong = ({ moduleId }: TestSpecification) => moduleId.endsWith('/absent-clients.test.ts');
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    // Most of the time a system test waits; each has a whole stack of its own.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // The core is to be tested without a server: `npm run coverage`.
    coverage: { provider: 'v8', include: ['src/domain/chat/**'], thresholds: { lines: 90 } },
    projects: [
      { test: { name: 'unit', include: unitTests, exclude: needsServers, testTimeout: 30_000 } },
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
          exclude: [faultSuite],
          ...system,
        },
      },
      {
        test: {
          name: 'faults',
          include: [faultSuite],
          // After all others: what else works the processor looks like one more fault.
          sequence: { groupOrder: 1 },
          ...system,
        },
      },
      {
        test: {
          name: 'containers',
          include: ['test/compose/smoke.test.ts'],
          // After all others: building the image wants the whole machine.
          sequence: { groupOrder: 2 },
          testTimeout: 120_000,
        },
      },
    ],
  },
});
