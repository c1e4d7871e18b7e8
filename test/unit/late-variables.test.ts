import { expect, it } from 'vitest';
import { lateVariables } from '../../src/config/late-variables';

it.each<[object, object, object]>([
  [{}, {}, { tag: undefined, others: [] }],
  [{ GRAY_TAG: 'gray' }, { GRAY_TAG: ' gray ' }, { tag: undefined, others: [] }],
  [{ GRAY_TAG: 'gray' }, {}, { tag: undefined, others: [] }],
  [{ GRAY_TAG: 'gray' }, { GRAY_TAG: '' }, { tag: undefined, others: [] }],
  [{}, { GRAY_TAG: 'gray' }, { tag: { variable: 'GRAY_TAG', value: 'gray' }, others: [] }],
  [{ GRAY_TAG: 'gray' }, { GRAY_TAG: 'blue' }, { tag: { variable: 'GRAY_TAG', value: 'blue' }, others: [] }],
  [{}, { ALICLOUD_SERVICE_TAG: 'gray' }, { tag: { variable: 'ALICLOUD_SERVICE_TAG', value: 'gray' }, others: [] }],
  [
    { NAMESRV_ADDR: 'a:1' },
    { NAMESRV_ADDR: 'b:1', GRAY_KEY: 'k', OTHER: '1' },
    {
      tag: undefined,
      others: [
        { variable: 'GRAY_KEY', value: 'k' },
        { variable: 'NAMESRV_ADDR', value: 'b:1' },
      ],
    },
  ],
])('%j, then %j: %j', (before, now, late) => {
  const { tag, others } = lateVariables(before as Record<string, string>, now as Record<string, string>);
  const named = (one: object | undefined) => one && (({ variable, value }) => ({ variable, value }))(one as never);
  expect({ tag: named(tag), others: others.map(named) }).toEqual(late);
});
