import { defineConfig } from 'vitest/config';

/** The unit tests as `npm run mutate` runs them: those that read sources as text would see the mutants. */
export default defineConfig({
  test: {
    include: ['test/unit/**/*.test.ts'],
    exclude: ['house', 'readme', 'recipes', 'shared-state', 'version'].map(name => `test/unit/${name}.test.ts`),
    env: { PROPERTY_RUNS: '0.1' },
    setupFiles: ['test/unit/property-seed.ts'],
    testTimeout: 60_000,
  },
});
