import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { chooseInstances } from '../../src/routing/choose-instances';
import { createServiceDirectory, type ServiceDirectory } from '../../src/routing/service-directory';
import type { ServiceInstance } from '../../src/routing/service-lists';
import { propertyRuns } from './property-runs';

const HOST = '10.0.0.1';

/** `base:1 gray:2 gray:3!`: environment and port; `!` is unhealthy. */
const instances = (text: string): ServiceInstance[] =>
  text
    .split(' ')
    .filter(Boolean)
    .map(word => {
      const [name, port] = word.replace('!', '').split(':');
      const environment = name === 'base' ? undefined : name;
      return { host: HOST, port: Number(port), environment, isUsable: !word.endsWith('!'), weight: 1 };
    });

const registry = {};

let directory: ServiceDirectory;
let now = 0;
beforeEach(() => {
  now = 1_000_000;
  directory = createServiceDirectory(
    () => 0.5,
    () => now,
    (tag, outcome) => routed.push(`${tag ?? 'base'} ${outcome}`),
  );
  routed = [];
});
/** What was told of calls. */
let routed: string[] = [];

interface List {
  readonly clusters?: string;
  readonly time?: number;
  isFollowed?(): boolean;
}
const learn = (source: object, service: string, instances: readonly ServiceInstance[], list: List = {}) =>
  directory.learn(source, { service, instances, clusters: '', time: now, isFollowed: () => true, ...list });

/** Where a call to a port goes: undefined: there. */
const aim = (port: number, tag: string | undefined) => {
  const target = directory.aim(HOST, port, tag);
  return target && ('port' in target ? target.port : target.unreachable.join(', '));
};

describe('what is told of calls', () => {
  it.each<[string, number, string | undefined, readonly string[]]>([
    ['base:1 gray:2', 1, undefined, ['base own']],
    ['base:1 gray:2', 2, undefined, ['base own']],
    ['base:1 gray:2', 2, 'gray', ['gray own']],
    ['base:1 gray:2', 1, 'gray', ['gray own']],
    ['base:1 gray:2', 1, 'blue', ['blue baseline']],
    ['base:1 gray:2', 2, 'blue', ['blue baseline']],
    ['gray:2', 2, 'blue', ['blue nobody']],
    ['gray:2', 2, 'base', ['base nobody']],
    // Nobody knows what it is.
    ['base:1 gray:2', 9, 'gray', []],
  ])('with %s, to %i, of %s', (list, port, tag, expected) => {
    learn(registry, 'orders', instances(list));
    aim(port, tag);
    expect(routed).toEqual(expected);
  });

  it('to an address that does not say which service was meant', () => {
    learn(registry, 'orders', instances('base:1 gray:2'));
    learn(registry, 'users', instances('base:1 gray:3'));
    aim(1, 'gray');
    expect(routed).toEqual(['gray as sent']);
  });
});

describe('the directory of services', () => {
  it('aims a call at an instance of its environment, at the baseline where there is none', () => {
    learn(registry, 'orders', instances('base:1 gray:2'));
    expect(aim(1, 'gray')).toBe(2);
    expect(aim(2, undefined)).toBe(1);
    expect(aim(2, 'base')).toBe(1);
    expect(aim(2, 'blue')).toBe(1);
  });

  it('leaves a call alone that goes to the right environment, and one to an address that it does not know', () => {
    learn(registry, 'orders', instances('base:1 base:3 gray:2'));
    expect(aim(1, undefined)).toBeUndefined();
    expect(aim(3, 'blue')).toBeUndefined();
    expect(aim(2, 'gray')).toBeUndefined();
    expect(aim(9, 'gray')).toBeUndefined();
    expect(directory.aim('10.0.0.2', 1, 'gray')).toBeUndefined();
  });

  it('says when nobody is a canary: no call needs aiming then', () => {
    learn(registry, 'orders', instances('base:1'));
    expect(directory.hasCanaries).toBe(false);
  });

  it('falls back at once when the canaries are gone, or no longer healthy', () => {
    learn(registry, 'orders', instances('base:1 gray:2'));
    learn(registry, 'orders', instances('base:1 gray:2!'));
    expect(aim(2, 'gray')).toBe(1);
    learn(registry, 'orders', instances('base:1'));
    expect(aim(1, 'gray')).toBeUndefined();
  });

  it('sends calls to an instance that has left to those that are there, for as long as answers of the registry are kept', () => {
    learn(registry, 'orders', instances('base:1 gray:2'));
    learn(registry, 'orders', instances('base:1'));
    expect(aim(2, 'gray')).toBe(1);
    expect(aim(2, undefined)).toBe(1);
    now += 5000;
    learn(registry, 'orders', instances('base:1'));
    now += 4999;
    expect([directory.hasCanaries, aim(2, 'gray')]).toEqual([true, 1]);
    now += 1;
    expect([directory.hasCanaries, aim(2, 'gray')]).toEqual([false, undefined]);
  });

  it('keeps calls without its tag from a canary that was the last to leave its service, and leaves others alone', () => {
    learn(registry, 'orders', instances('gray:2'));
    learn(registry, 'orders', []);
    expect([aim(2, undefined), aim(2, 'gray'), aim(2, 'blue')]).toEqual(['orders', undefined, 'orders']);
    learn(registry, 'orders', instances('base:3'));
    learn(registry, 'orders', []);
    expect([aim(3, undefined), aim(3, 'gray')]).toEqual([undefined, undefined]);
  });

  it('knows an address that has left one service and come to another by its new one', () => {
    learn(registry, 'orders', instances('base:1 gray:2'));
    learn(registry, 'orders', instances('base:1'));
    learn(registry, 'stock', instances('base:2'));
    expect([aim(2, undefined), aim(2, 'gray')]).toEqual([undefined, undefined]);
  });

  it('says nothing of an address that has left, once a list of any kind shows somebody there', () => {
    learn(registry, 'orders', instances('base:1 gray:2'));
    learn(registry, 'orders', instances('base:1'));
    learn({}, 'stock', instances('base:2'), { isFollowed: () => false });
    expect([aim(2, undefined), aim(2, 'gray')]).toEqual([undefined, undefined]);
  });

  it('keeps calls without its tag from a canary that has left, whatever a list shows that was asked for before', () => {
    learn(registry, 'orders', instances('base:1 gray:2'));
    learn({}, 'stock', instances('gray:2'), { isFollowed: () => false });
    learn(registry, 'orders', instances('base:1'));
    expect([aim(2, undefined), aim(2, 'gray')]).toEqual([1, 1]);
  });

  it('names the service when there are canaries of others only', () => {
    learn(registry, 'orders', instances('gray:2'));
    expect(aim(2, undefined)).toBe('orders');
    expect(aim(2, 'blue')).toBe('orders');
  });

  it('prefers an instance that offers every service of the address', () => {
    learn(registry, 'orders', instances('base:1 gray:2 gray:3'));
    learn(registry, 'stock', instances('base:1 gray:3'));
    expect(aim(1, 'gray')).toBe(3);
  });

  it.each([
    // stock has no canary; a gray call that means it must not go to 3.
    ['a canary of one of them only', 'base:1 gray:3', 'base:1', 1, 'gray', undefined],
    ['a canary of one of them only, without a tag', 'base:1 gray:3', 'base:1', 1, undefined, undefined],
    ['canaries apart', 'base:1 gray:3', 'base:1 gray:4', 1, 'gray', undefined],
    ['a canary of both', 'base:1 gray:3 gray:4', 'base:1 gray:4', 1, 'gray', 4],
    ['an unhealthy canary of both', 'base:1 gray:3 gray:4', 'base:1 gray:4! gray:3', 1, 'gray', 3],
    ['at a canary of both, without a tag', 'base:1 base:3 gray:2', 'base:3 gray:2', 2, undefined, 3],
    [
      'at a canary of both, without a tag, nobody offers both',
      'base:1 gray:2',
      'base:3 gray:2',
      2,
      undefined,
      'orders, stock',
    ],
    [
      'at a canary of both, without a tag, one has no baseline',
      'base:1 gray:2',
      'gray:2',
      2,
      undefined,
      'orders, stock',
    ],
    [
      'at a canary of both, of another, nobody offers both',
      'base:1 gray:2',
      'base:3 gray:2',
      2,
      'blue',
      'orders, stock',
    ],
    ['at a canary of both, of another, canaries apart', 'base:1 gray:2 blue:5', 'base:1 gray:2 blue:6', 2, 'blue', 1],
    ['at a canary of both, of its own', 'base:1 gray:2', 'base:3 gray:2', 2, 'gray', undefined],
    ['a canary of one, the baseline of the other', 'base:1 gray:2', 'base:2 base:1', 2, undefined, 1],
    [
      'a canary of one, the baseline of the other, nobody offers both',
      'base:1 gray:2',
      'base:2 base:3',
      2,
      undefined,
      'orders, stock',
    ],
    ['a canary of one, the baseline of the other, by its tag', 'base:1 gray:2', 'base:2 base:3', 2, 'gray', undefined],
    ['a canary of one environment and of another', 'base:1 gray:2', 'base:1 blue:2', 2, 'gray', 1],
  ])('an address of two services: %s', (_name, orders, stock, port, tag, target) => {
    learn(registry, 'orders', instances(orders));
    learn(registry, 'stock', instances(stock));
    expect(aim(port, tag)).toBe(target);
  });

  it('sends calls to an address of one service where chooseInstances says', () => {
    const word = fc
      .tuple(fc.constantFrom('base', 'gray', 'blue'), fc.integer({ min: 1, max: 6 }), fc.constantFrom('', '!'))
      .map(([environment, port, mark]) => ({ port, text: `${environment}:${port}${mark}` }));
    const lists = fc
      .uniqueArray(word, { selector: ({ port }) => port, minLength: 1 })
      .map(words => instances(words.map(({ text }) => text).join(' ')));
    const reader = {
      environment: ({ environment }: ServiceInstance) => environment,
      isUsable: ({ isUsable }: ServiceInstance) => isUsable,
    };
    fc.assert(
      fc.property(lists, fc.nat(), fc.constantFrom(undefined, 'base', 'gray', 'red'), (list, pick, tag) => {
        directory = createServiceDirectory();
        learn(registry, 'orders', list);
        const { port } = list[pick % list.length] as ServiceInstance;
        const chosen = chooseInstances(list, tag, reader);
        const target = aim(port, tag);
        if (chosen.length === 0) expect(target).toBe('orders');
        else if (chosen.some(instance => instance.port === port)) expect(target).toBeUndefined();
        else {
          const candidates = chosen.some(reader.isUsable) ? chosen.filter(reader.isUsable) : chosen;
          expect(candidates.map(instance => instance.port)).toContain(target);
        }
      }),
      { numRuns: propertyRuns(1000) },
    );
  });

  it('sends no call to a canary of others, and none to an instance that lacks a service of its address', () => {
    const environment = fc.constantFrom('base', 'gray', 'blue');
    const list = fc
      .uniqueArray(fc.record({ environment, port: fc.integer({ min: 1, max: 6 }), isUsable: fc.boolean() }), {
        selector: ({ port }) => port,
      })
      .map(all => instances(all.map(one => `${one.environment}:${one.port}${one.isUsable ? '' : '!'}`).join(' ')));
    const tags = fc.constantFrom(undefined, 'base', 'gray', 'blue', 'red');
    fc.assert(
      fc.property(list, list, fc.integer({ min: 1, max: 6 }), tags, (orders, stock, port, tag) => {
        directory = createServiceDirectory();
        learn(registry, 'orders', orders);
        learn(registry, 'stock', stock);
        const at = (port: number) => [orders, stock].map(all => all.find(one => one.port === port));
        const meant = at(port);
        const answer = aim(port, tag) ?? port;
        if (!meant.some(Boolean)) {
          expect(answer).toBe(port);
          return;
        }
        const wanted = tag === 'base' ? undefined : tag;
        const mayAnswer = (port: number, environments: unknown[]) =>
          at(port).every(
            (instance, index) =>
              meant[index] === undefined || (instance !== undefined && environments.includes(instance.environment)),
          );
        if (typeof answer === 'number')
          expect([answer, mayAnswer(answer, [wanted, undefined])]).toEqual([answer, true]);
        // It fails only where no baseline could have taken it.
        else
          for (let other = 1; other <= 6; other++)
            expect([other, mayAnswer(other, [undefined])]).toEqual([other, false]);
      }),
      { numRuns: propertyRuns(2000) },
    );
  });

  it('does not use a list that nobody keeps up to date, from when on somebody does', () => {
    let isFollowed = false;
    learn(registry, 'orders', instances('base:1 gray:2'), { isFollowed: () => isFollowed });
    expect([aim(1, 'gray'), aim(2, undefined)]).toEqual([undefined, undefined]);
    isFollowed = true;
    expect([aim(1, 'gray'), aim(2, undefined)]).toEqual([2, 1]);
  });

  it('goes on using what is followed after a query was made once, and learns from its answer', () => {
    const once = { isFollowed: () => false };
    learn(registry, 'orders', instances('base:1 gray:2'), { clusters: 'DEFAULT' });
    learn(registry, 'orders', instances('base:1 gray:2'), once);
    expect([aim(1, 'gray'), aim(2, undefined)]).toEqual([2, 1]);
    learn(registry, 'orders', instances('base:1 gray:3'), once);
    expect([aim(1, 'gray'), aim(2, undefined), aim(3, undefined)]).toEqual([3, 1, 1]);
    now += 60_000;
    // The followed list still has it, and so has the application.
    expect([aim(2, undefined), directory.hasCanaries]).toEqual([1, true]);
    learn(registry, 'orders', instances('base:1'), { clusters: 'DEFAULT' });
    now += 10_000;
    expect([aim(1, 'gray'), aim(2, undefined), aim(3, undefined), directory.hasCanaries]).toEqual([
      undefined,
      undefined,
      undefined,
      false,
    ]);
  });

  it.each([
    ['orders.internal', 'ORDERS.Internal'],
    ['Orders.internal', 'orders.INTERNAL'],
    ['fd00::1', 'FD00:0:0:0:0:0:0:0001'],
    ['fd00:0000::0001', '[fd00::1]'],
    ['fe80::1%eth0', 'FE80::1%eth0'],
  ])('knows the host %s as %s', (registered, called) => {
    const [base, gray] = instances('base:1 gray:2') as [ServiceInstance, ServiceInstance];
    learn(registry, 'orders', [base, { ...gray, host: registered }]);
    expect(directory.aim(called, 2, undefined)).toMatchObject({ host: HOST, port: 1 });
  });

  it('keeps nothing of the list that it was handed', () => {
    const list = instances('base:1 gray:2');
    learn(registry, 'orders', list);
    for (const instance of list.splice(0)) Object.assign(instance, { host: '10.9.9.9', environment: undefined });
    expect([aim(1, 'gray'), aim(2, undefined)]).toEqual([2, 1]);
  });

  it('tells the services of two registries apart, and forgets those of one that is closed', () => {
    const other = {};
    learn(registry, 'orders', instances('base:1 gray:2'));
    learn(other, 'orders', instances('base:11 gray:12'));
    expect([aim(1, 'gray'), aim(11, 'gray')]).toEqual([2, 12]);
    directory.forget(registry);
    expect([aim(1, 'gray'), aim(11, 'gray')]).toEqual([undefined, 12]);
    directory.forget(other);
    expect(directory.hasCanaries).toBe(false);
  });

  it('does not guess between services of one name at one address in two registries', () => {
    const other = {};
    learn(registry, 'orders', instances('base:1 gray:2'));
    learn(other, 'orders', instances('base:11 gray:2'));
    expect([aim(2, undefined), aim(2, 'gray'), aim(1, 'gray'), aim(11, 'gray')]).toEqual(['orders', undefined, 2, 2]);
    directory.forget(other);
    expect(aim(2, undefined)).toBe(1);
  });

  it('spreads calls by weight, over healthy instances', () => {
    const weighted = [
      ...instances('base:1'),
      ...instances('gray:2 gray:3 gray:4!').map((instance, index) => ({ ...instance, weight: [1, 3, 9][index] ?? 1 })),
    ];
    const numbers = [0, 0.2, 0.26, 0.9];
    directory = createServiceDirectory(() => numbers.shift() ?? 0);
    learn(registry, 'orders', weighted);
    expect([1, 2, 3, 4].map(() => aim(1, 'gray'))).toEqual([2, 2, 3, 3]);
  });
});
