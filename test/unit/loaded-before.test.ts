import { expect, it } from 'vitest';
import { LIBRARIES } from '../../src/instrumentations';
import { loadedBefore } from '../../src/loader/loaded-before';

it('names the libraries, by their files', () => {
  const files = [
    '/srv/app.js',
    '/srv/node_modules/express/index.js',
    '/srv/node_modules/rocketmq-client-nodejs/dist/index.js',
    '/srv/node_modules/rocketmq-client-nodejs/dist/client/index.js',
    '/srv/node_modules/.pnpm/@grpc+grpc-js@1.14.0/node_modules/@grpc/grpc-js/build/src/index.js',
    '/srv/node_modules/undici-types/index.js',
    '/srv/undici/index.js',
  ];
  expect(loadedBefore(files, LIBRARIES)).toEqual([
    { module: '@grpc/grpc-js', isMessaging: false, path: files[4] },
    { module: 'rocketmq-client-nodejs', isMessaging: true, path: files[2] },
  ]);
});

it('knows paths of Windows', () => {
  const path = 'C:\\srv\\node_modules\\@grpc\\grpc-js\\build\\src\\index.js';
  expect(loadedBefore([path], LIBRARIES)).toEqual([{ module: '@grpc/grpc-js', isMessaging: false, path }]);
});
