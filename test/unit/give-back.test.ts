import { expect, it } from 'vitest';
import { isHandledAfterAll } from '../../src/instrumentations/rocketmq-client-nodejs/give-back';

it.each([
  ['any delivery but the last allowed one is given back', [1, 2, 16], false, 17, [false, false, false]],
  ['one that would not be delivered again is handled', [1, 17, 2], false, 17, [false, true, false]],
  ['in order, so are those before it', [1, 17, 2], true, 17, [true, true, false]],
  ['in order, nothing behind one that is given back is handled', [1, 2, 3], true, 17, [false, false, false]],
  ['without a known limit everything is given back', [1, 99], true, undefined, [false, false]],
])('%s', (_name, attempts, isOrdered, maxAttempts, handled) => {
  const batch = attempts.map(attempt => ({ attempt }));
  expect(batch.map((_, index) => isHandledAfterAll(batch, index, { isOrdered, maxAttempts }))).toEqual(handled);
});
