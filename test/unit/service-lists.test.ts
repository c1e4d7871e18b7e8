import { describe, expect, it } from 'vitest';
import { type ServiceInstance, viewOf, withList } from '../../src/routing/service-lists';

/** `1 2 3@EAST`: ports, each with its cluster where that is not DEFAULT. */
const instances = (text: string): ServiceInstance[] =>
  text
    .split(' ')
    .filter(Boolean)
    .map(word => {
      const [port, cluster = 'DEFAULT'] = word.split('@');
      return { host: '10.0.0.1', port: Number(port), environment: undefined, isUsable: true, weight: 1, cluster };
    });
const list = (clusters: string, time: number, text = '', isFollowed = true) => ({
  clusters,
  time,
  instances: instances(text),
  isFollowed,
});
const ports = (all: readonly ServiceInstance[]) =>
  all
    .map(({ port }) => port)
    .sort()
    .join(' ');

describe('the lists of a service', () => {
  const order = (...lists: ReturnType<typeof list>[]) =>
    lists
      .reduce<readonly ReturnType<typeof list>[]>(withList, [])
      .map(({ clusters, time }) => `${clusters || 'all'} ${time}`)
      .join(', ');

  it.each([
    ['a newer one replaces the former for the same clusters', [list('', 1000), list('', 2000)], 'all 2000'],
    ['one that was overtaken does not', [list('', 2000), list('', 1999)], 'all 2000'],
    ['one of another clock does', [list('', 9000), list('', 7000)], 'all 7000'],
    ['others stay', [list('', 1000), list('DEFAULT', 2000), list('', 3000)], 'DEFAULT 2000, all 3000'],
    [
      'one that was overtaken by others is older than they',
      [list('', 2000), list('DEFAULT', 1999)],
      'DEFAULT 1999, all 2000',
    ],
    ['of one age, the last that came is the newest', [list('', 2000), list('DEFAULT', 2000)], 'all 2000, DEFAULT 2000'],
    ['another clock says nothing of age', [list('', 9000), list('DEFAULT', 1000)], 'all 9000, DEFAULT 1000'],
  ])('%s', (_name, lists, expected) => {
    expect(order(...lists)).toBe(expected);
  });

  it('are the very same when the added one was overtaken', () => {
    const lists = [list('', 2000)];
    expect(withList(lists, list('', 1999))).toBe(lists);
  });
});

describe('what the lists of a service say together', () => {
  it.each([
    ['one list', [list('', 1, '1 2')], '1 2', '', ''],
    ['the newest has one more', [list('DEFAULT', 1, '1'), list('', 2, '1 2')], '1 2', '', ''],
    ['the newest has one less', [list('DEFAULT', 1, '1 2'), list('', 2, '1')], '1', '2', ''],
    ['an instance that came back', [list('DEFAULT', 1, '1'), list('', 2, '1 2')], '1 2', '', ''],
    [
      'a list of other clusters does not say that one is gone',
      [list('', 1, '1 2@EAST'), list('DEFAULT', 2, '1')],
      '1 2',
      '',
      '',
    ],
    ['a list of these clusters does', [list('', 1, '1 2@EAST'), list('WEST,EAST', 2, '3@WEST')], '1 3', '2', ''],
    [
      'a query made once is as good, while it is the newest',
      [list('', 1, '1 2'), list('DEFAULT', 2, '1 3', false)],
      '1 3',
      '2',
      '',
    ],
    [
      'a query made once is not as good, once it is not',
      [list('', 1, '1 2', false), list('DEFAULT', 2, '1')],
      '1',
      '',
      '',
    ],
    ['a query made once of other clusters', [list('DEFAULT', 1, '1'), list('EAST', 2, '2@EAST', false)], '1', '', '2'],
    ['nothing but queries made once', [list('', 1, '1 2', false)], '', '', '1 2'],
  ])('%s', (_name, lists, present, departed, unfollowed) => {
    const view = viewOf(lists, ({ isFollowed }) => isFollowed);
    expect([ports(view.present), ports(view.departed), ports(view.unfollowed)]).toEqual([
      present,
      departed,
      unfollowed,
    ]);
  });
});
