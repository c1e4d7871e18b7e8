import type { CoreInstrumentation, LibraryEntry } from '../agent/instrumentation';
import { awaitedRequests } from './awaited-requests';
import { globalFetch } from './global-fetch';
import { nodeHttpClient } from './node-http-client';
import { nodeHttpServer } from './node-http-server';
import { nodeHttp2 } from './node-http2';
import { rocketmqTraffic } from './rocketmq-traffic';
import { sharedConnections } from './shared-connections';

/** What is instrumented in Node.js itself. */
export const CORE: readonly CoreInstrumentation[] = [
  nodeHttpServer,
  nodeHttpClient,
  nodeHttp2,
  awaitedRequests,
  globalFetch,
  sharedConnections,
  rocketmqTraffic,
];

/** The libraries, a line each. */
export const LIBRARIES: readonly LibraryEntry[] = [
  { module: 'undici', load: () => (require('./undici') as typeof import('./undici')).undici },
  { module: 'next', load: () => (require('./next') as typeof import('./next')).next },
  { module: '@grpc/grpc-js', load: () => (require('./grpc-js') as typeof import('./grpc-js')).grpcJs },
  {
    module: 'nacos-naming',
    load: () => (require('./nacos-naming') as typeof import('./nacos-naming')).nacosNaming,
  },
  {
    module: 'apache-dubbo-consumer',
    load: () => (require('./apache-dubbo-consumer') as typeof import('./apache-dubbo-consumer')).apacheDubboConsumer,
  },
  {
    module: 'apache-dubbo-service',
    load: () => (require('./apache-dubbo-service') as typeof import('./apache-dubbo-service')).apacheDubboService,
  },
  { module: 'rocketmq-client-nodejs', isMessaging: true, load: () => messaging().rocketmqClientNodejs },
  { module: 'ali-ons', isMessaging: true, load: () => messaging().aliOns },
  { module: 'rocketmq', isMessaging: true, load: () => messaging().rocketmq },
  { module: 'apache-rocketmq', isMessaging: true, load: () => messaging().apacheRocketmq },
];

function messaging() {
  return require('./messaging') as typeof import('./messaging');
}
