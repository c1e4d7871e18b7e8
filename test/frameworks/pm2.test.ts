/** PM2 in both of its modes, with a reload while both environments are up. */
import { describe, expect } from 'vitest';
import { testInProduction } from './in-production';
import { asDaemon } from './ways';

describe.each(['pm2-fork', 'pm2-cluster'])('%s', recipe =>
  testInProduction({
    recipe,
    apps: ['plain'],
    dependencies: { pm2: '^7' },
    way: asDaemon({ log: /orders-error.*\.log$/, afterwards: 'pm2 kill' }),
    // The table of processes.
    ignoredLines: /[│┌├└]|host metrics/,
    async midway({ baseline, canary }) {
      for (const instance of [baseline, canary]) {
        const { code, stdout, stderr } = await instance.run('reload');
        expect(code, stdout + stderr).toBe(0);
      }
    },
  }),
);
