import { expect, it } from 'vitest';
import { preloadsPackage } from '../../src/config/preload-options';

it.each<[string[], boolean]>([
  [['--require', 'rocketmq-gray'], true],
  [['-r', 'rocketmq-gray'], true],
  [['--require=rocketmq-gray'], true],
  [['--import', 'rocketmq-gray'], true],
  [['', '--max-old-space-size=512 --require rocketmq-gray --inspect'], true],
  [['--require "/srv/node_modules/rocketmq-gray"'], true],
  [['--require', '/srv/node_modules/rocketmq-gray/'], true],
  [['--require', 'rocketmq-gray/register'], false],
  [['--require', '/srv/node_modules/rocketmq-gray/register'], false],
  [['--require', 'my-rocketmq-gray'], false],
  [['--title=rocketmq-gray'], false],
  [['', ''], false],
])('%j: %s', (options, expected) => {
  expect(preloadsPackage(options)).toBe(expected);
});
