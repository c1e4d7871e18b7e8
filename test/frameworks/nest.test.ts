/** NestJS 11: an HTTP controller calls a gRPC service, both with Nest's own transports. */
import { testInProduction } from './in-production';
import { inForeground } from './ways';

testInProduction({
  recipe: 'nest',
  apps: ['nest'],
  dependencies: {
    '@nestjs/core': '^11',
    '@nestjs/common': '^11',
    '@nestjs/platform-express': '^11',
    '@nestjs/microservices': '^11',
    '@grpc/grpc-js': '^1',
    '@grpc/proto-loader': '^0.8',
    'reflect-metadata': '^0.2',
    rxjs: '^7',
    typescript: '~5.9',
    '@types/node': '^20',
  },
  prepare: ['build'],
  made: 'dist',
  way: inForeground,
  // What arrived at the gRPC service as metadata, and at the next one as a header. gRPC leaves empty texts out.
  answer: baggage => (baggage === null ? { metadata: '' } : { metadata: baggage, baggage }),
});
