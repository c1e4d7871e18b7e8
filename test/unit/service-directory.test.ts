import { beforeEach, describe, expect, it } from 'vitest';
import {
  createServiceDirectory,
  type ServiceDirectory,
  type ServiceInstance,
} from '../../src/routing/service-directory';

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
const followed = () => true;

let directory: ServiceDirectory;
let now = 0;
beforeEach(() => {
  now = 1_000_000;
  directory = createServiceDirectory(
    () => 0.5,
    () => now,
  );
});

const aim = (port: number, tag: string | undefined) => {
  const target = directory.aim(HOST, port, tag);
  return target && ('port' in target ? target.port : target.unreachable);
};

describe('the directory of services', () => {
  it('aims a call at an instance of its environment, at the baseline where there is none', () => {
    directory.learn(registry, 'orders', instances('base:1 gray:2'), followed);
    expect(aim(1, 'gray')).toBe(2);
    expect(aim(2, undefined)).toBe(1);
    expect(aim(2, 'base')).toBe(1);
    expect(aim(2, 'blue')).toBe(1);
  });

  it('leaves a call alone that goes to the right environment, and one to an address that it does not know', () => {
    directory.learn(registry, 'orders', instances('base:1 base:3 gray:2'), followed);
    expect(aim(1, undefined)).toBeUndefined();
    expect(aim(3, 'blue')).toBeUndefined();
    expect(aim(2, 'gray')).toBeUndefined();
    expect(aim(9, 'gray')).toBeUndefined();
    expect(directory.aim('10.0.0.2', 1, 'gray')).toBeUndefined();
  });

  it('says when nobody is a canary: no call needs aiming then', () => {
    directory.learn(registry, 'orders', instances('base:1'), followed);
    expect(directory.hasCanaries).toBe(false);
  });

  it('falls back at once when the canaries are gone, or no longer healthy', () => {
    directory.learn(registry, 'orders', instances('base:1 gray:2'), followed);
    directory.learn(registry, 'orders', instances('base:1 gray:2!'), followed);
    expect(aim(2, 'gray')).toBe(1);
    directory.learn(registry, 'orders', instances('base:1'), followed);
    expect(aim(1, 'gray')).toBeUndefined();
  });

  it('sends calls to an instance that has left to those that are there, for a minute', () => {
    directory.learn(registry, 'orders', instances('base:1 gray:2'), followed);
    directory.learn(registry, 'orders', instances('base:1'), followed);
    expect(aim(2, 'gray')).toBe(1);
    expect(aim(2, undefined)).toBe(1);
    now += 59_999;
    expect([directory.hasCanaries, aim(2, 'gray')]).toEqual([true, 1]);
    now += 1;
    expect([directory.hasCanaries, aim(2, 'gray')]).toEqual([false, undefined]);
  });

  it('leaves calls to a service alone whose last instance has left', () => {
    directory.learn(registry, 'orders', instances('gray:2'), followed);
    directory.learn(registry, 'orders', [], followed);
    expect([aim(2, undefined), aim(2, 'gray')]).toEqual([undefined, undefined]);
  });

  it('knows an address that has left one service and come to another by its new one', () => {
    directory.learn(registry, 'orders', instances('base:1 gray:2'), followed);
    directory.learn(registry, 'orders', instances('base:1'), followed);
    directory.learn(registry, 'stock', instances('base:2'), followed);
    expect(aim(2, undefined)).toBeUndefined();
    expect(directory.hasCanaries).toBe(false);
  });

  it('names the service when there are canaries of others only', () => {
    directory.learn(registry, 'orders', instances('gray:2'), followed);
    expect(aim(2, undefined)).toBe('orders');
    expect(aim(2, 'blue')).toBe('orders');
  });

  it('prefers an instance that offers every service of the address', () => {
    directory.learn(registry, 'orders', instances('base:1 gray:2 gray:3'), followed);
    directory.learn(registry, 'stock', instances('base:1 gray:3'), followed);
    expect(aim(1, 'gray')).toBe(3);
  });

  it('leaves a call alone that is right for one of the services of its address', () => {
    directory.learn(registry, 'orders', instances('base:1 gray:2'), followed);
    directory.learn(registry, 'stock', instances('base:2 base:1'), followed);
    expect(aim(2, undefined)).toBeUndefined();
  });

  it('does not use a list that nobody keeps up to date', () => {
    let isFollowed = true;
    directory.learn(registry, 'orders', instances('base:1 gray:2'), () => isFollowed);
    expect(aim(1, 'gray')).toBe(2);
    isFollowed = false;
    expect(aim(1, 'gray')).toBeUndefined();
  });

  it('tells the services of two registries apart, and forgets those of one that is closed', () => {
    const other = {};
    directory.learn(registry, 'orders', instances('base:1 gray:2'), followed);
    directory.learn(other, 'orders', instances('base:11 gray:12'), followed);
    expect([aim(1, 'gray'), aim(11, 'gray')]).toEqual([2, 12]);
    directory.forget(registry);
    expect([aim(1, 'gray'), aim(11, 'gray')]).toEqual([undefined, 12]);
    directory.forget(other);
    expect(directory.hasCanaries).toBe(false);
  });

  it('spreads calls by weight, over healthy instances', () => {
    const weighted = [
      ...instances('base:1'),
      ...instances('gray:2 gray:3 gray:4!').map((instance, index) => ({ ...instance, weight: [1, 3, 9][index] ?? 1 })),
    ];
    const numbers = [0, 0.2, 0.26, 0.9];
    directory = createServiceDirectory(() => numbers.shift() ?? 0);
    directory.learn(registry, 'orders', weighted, followed);
    expect([1, 2, 3, 4].map(() => aim(1, 'gray'))).toEqual([2, 2, 3, 3]);
  });
});
