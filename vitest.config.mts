import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those that take minutes, the longest first: begun last, one of them is all that everybody waits for. */
const LONG = ['chaos', 'presence', 'ali-ons-stand-in', 'auto', 'stand-ins', 'group-progress', 'next', 'egg', 'pm2'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const index = LONG.findIndex(name => moduleId.endsWith(`/${name}.test.ts`));
      return index < 0 ? LONG.length : index;
    };
    return (await super.sort(files)).sort((one, other) => place(one) - place(other));
  }
}

export default defineConfig({
  test: {
    // Child processes and brokers share two cores, and tests of brokers mostly wait: more files at a time than cores.
    maxWorkers: 3,
    minWorkers: 1,
    sequence: { sequencer: LongestFirst },
    projects: [
      // Properties take their time where others are at work.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000 } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/integration/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'operations',
          include: ['test/operations/**/*.test.ts'],
          globalSetup: ['test/integration/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'environments',
          include: ['test/environments/**/*.test.ts'],
          globalSetup: ['test/integration/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'frameworks',
          include: ['test/frameworks/**/*.test.ts'],
          globalSetup: ['test/frameworks/global-setup.ts'],
          testTimeout: 300_000,
          // Installs packages, which are kept.
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'clusters',
          include: ['test/clusters/**/*.test.ts'],
          globalSetup: ['test/integration/global-setup.ts'],
          testTimeout: 240_000,
          // Up to six servers come up at once.
          hookTimeout: 400_000,
        },
      },
      {
        test: {
          name: 'kubernetes',
          include: ['test/kubernetes/**/*.test.ts'],
          globalSetup: ['test/kubernetes/global-setup.ts'],
          testTimeout: 240_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'java',
          include: ['test/java/**/*.test.ts'],
          globalSetup: ['test/java/global-setup.ts'],
          testTimeout: 240_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
