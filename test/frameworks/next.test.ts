/** Next.js 15: a route handler that calls `fetch`; the consumer is started by the instrumentation file. */
import { testInProduction } from './in-production';
import { inForeground } from './ways';

testInProduction({
  recipe: 'next',
  apps: ['next'],
  dependencies: { next: '^15', react: '^19', 'react-dom': '^19' },
  prepare: ['build'],
  way: inForeground,
  ignoredLines: /Ready in/,
});
