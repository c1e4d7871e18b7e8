import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Child processes and brokers share two cores, and tests of brokers mostly wait: two files at a time.
    maxWorkers: 2,
    minWorkers: 1,
    projects: [
      // Properties take their time where others are at work.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000 } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/integration/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
