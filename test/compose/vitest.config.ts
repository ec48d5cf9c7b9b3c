import { defineConfig } from 'vitest/config';

/** `npm run test:compose`: the real containers, one project at a time. */
export default defineConfig({
  test: {
    include: ['test/compose/**/*.test.ts'],
    env: { TEST_CONTAINERS: '1' },
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 400_000,
  },
});
