/** Mutation testing (`npm run mutate`): which changes of the code the unit tests would not see. */
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'vitest.mutation.config.mts' },
  coverageAnalysis: 'perTest',
  // What is worked out once, as a module loads, is in every test: each such mutant would need all of them.
  ignoreStatic: true,
  ignorePatterns: ['/.cache', '/dist', '/build', '/docs', '/benchmark', '/test/integration', '/test/frameworks'],
  tempDirName: '.cache/stryker',
  incremental: false,
  reporters: ['clear-text', 'json'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: '.cache/mutants.json' },
  thresholds: { high: 95, low: 90, break: 90 },
};
