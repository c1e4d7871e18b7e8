/** PM2 in both of its modes, with a reload while orders come in. */
import { describe, expect } from 'vitest';
import { testInProduction } from './in-production';
import type { Instance } from './service';
import { asDaemon } from './ways';

const reload = (instance: Instance, name: string) =>
  instance.run(name).then(({ code, stdout, stderr }) => expect(code, stdout + stderr).toBe(0));

describe.each(['fork', 'cluster'])('%s mode', mode =>
  testInProduction({
    recipe: `pm2-${mode}`,
    apps: ['plain'],
    dependencies: { pm2: '^7' },
    way: asDaemon({ log: /orders-error.*\.log$/, afterwards: 'pm2 kill' }),
    // The table of processes.
    ignoredLines: /[│┌├└]|host metrics/,
    async midway({ baseline, canary }) {
      await reload(baseline, 'reload');
      await reload(canary, 'reload-canary');
    },
  }),
);
