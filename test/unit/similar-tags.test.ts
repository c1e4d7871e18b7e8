import { expect, it } from 'vitest';
import { similarTags } from '../../src/rocketmq/consumer/similar-tags';
import { recordedLog } from './recorded-log';

it.each<[string | undefined, string[], string[]]>([
  [undefined, ['gray', 'gray', 'blue', 'gray-2'], []],
  ['gray', ['gray'], []],
  [undefined, ['gray', 'Gray', 'gray', 'Gray'], ['gray and Gray']],
  ['Gray', ['gray'], ['Gray and gray']],
  [undefined, ['gray', 'GRAY', 'Gray', 'blue', 'Blue'], ['gray and GRAY', 'gray and Gray', 'blue and Blue']],
])('of %s, %j: warns of %j', (instanceTag, seen, pairs) => {
  const lines: string[] = [];
  const see = similarTags(instanceTag, recordedLog(lines));
  for (const tag of seen) see(tag);
  expect(lines).toEqual(
    pairs.map(pair => expect.stringMatching(new RegExp(`^warn: ${pair} are in use: they are two`))),
  );
});
