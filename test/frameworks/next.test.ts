/** Next.js 15: a route handler that calls `fetch`; the consumer is started by the instrumentation file. */
import { describe } from 'vitest';
import { testInProduction } from './in-production';
import { inForeground } from './ways';

describe.each(['next', 'next-bundled', 'next-standalone'])('%s', recipe =>
  testInProduction({
    recipe,
    apps: ['next'],
    dependencies: { next: '^15', react: '^19', 'react-dom': '^19' },
    prepare: ['build'],
    made: '.next',
    way: inForeground,
    ignoredLines: /Ready in/,
  }),
);
