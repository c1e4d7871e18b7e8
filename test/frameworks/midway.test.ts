import { testInProduction } from './in-production';
import { inForeground } from './ways';

testInProduction({
  recipe: 'midway',
  apps: ['midway'],
  dependencies: {
    '@midwayjs/bootstrap': '^3',
    '@midwayjs/core': '^3',
    '@midwayjs/koa': '^3',
    '@midwayjs/logger': '^3',
    typescript: '~5.9',
    '@types/node': '^20',
  },
  prepare: ['build'],
  made: 'dist',
  way: inForeground,
});
