import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseInstances, type InstanceReader } from '../../src/routing/choose-instances';

interface Instance {
  readonly environment: string | undefined;
  readonly isUsable: boolean;
}

const reader: InstanceReader<Instance> = {
  environment: ({ environment }) => environment,
  isUsable: ({ isUsable }) => isUsable,
};

/** `base base! gray` are a healthy baseline instance, an unhealthy one and a healthy canary. */
const list = (text: string): Instance[] =>
  text
    .split(' ')
    .filter(Boolean)
    .map(word => {
      const name = word.replace('!', '');
      return { environment: name === 'base' ? undefined : name, isUsable: !word.endsWith('!') };
    });

const show = (instances: readonly Instance[]) =>
  instances.map(({ environment = 'base', isUsable }) => environment + (isUsable ? '' : '!')).join(' ');

describe('choosing instances', () => {
  it.each([
    ['no tag', undefined, 'base gray base blue', 'base base'],
    ['base', 'base', 'base gray', 'base'],
    ['own environment', 'gray', 'base gray blue gray', 'gray gray'],
    ['fallback to the baseline', 'gray', 'base blue base', 'base base'],
    ['no tag, canaries only', undefined, 'gray blue', ''],
    ['a tag, other canaries only', 'gray', 'blue red', ''],
    ['nobody there', 'gray', '', ''],
    ['unhealthy ones of its own environment are left in', 'gray', 'base gray gray!', 'gray gray!'],
    ['only unhealthy ones of its own: the baseline', 'gray', 'base gray!', 'base'],
    ['nobody healthy: its own, as they are', 'gray', 'base! gray!', 'gray!'],
    ['nobody healthy, none of its own: the baseline, as it is', 'gray', 'base! blue', 'base!'],
    ['no tag, an unhealthy baseline: never a canary', undefined, 'base! gray', 'base!'],
  ])('%s', (_name, tag, instances, chosen) => {
    expect(show(chooseInstances(list(instances), tag, reader))).toBe(chosen);
  });

  it.each([
    [undefined, 'base base!'],
    ['gray', 'base base'],
    ['gray', 'gray gray'],
  ])('returns the very same list when none is excluded: %s of %s', (tag, text) => {
    const instances = list(text);
    expect(chooseInstances(instances, tag, reader)).toBe(instances);
  });

  const tags = fc.constantFrom(undefined, 'base', 'gray', 'blue', 'red');
  const instances = fc.array(
    fc.record({ environment: fc.constantFrom(undefined, 'gray', 'blue'), isUsable: fc.boolean() }),
  );

  it('never mixes environments, never crosses into another canary, never leaves a call without a baseline that is there', () => {
    fc.assert(
      fc.property(instances, tags, (all, tag) => {
        const wanted = tag === 'base' ? undefined : tag;
        const chosen = chooseInstances(all, tag, reader);
        const environments = new Set(chosen.map(({ environment }) => environment));
        expect(environments.size).toBeLessThanOrEqual(1);
        for (const environment of environments) expect([wanted, undefined]).toContain(environment);
        if (all.some(({ environment }) => environment === undefined)) expect(chosen).not.toHaveLength(0);
        const isFit = ({ environment, isUsable }: Instance) =>
          isUsable && (environment === wanted || environment === undefined);
        if (all.some(isFit)) expect(chosen.some(isFit)).toBe(true);
      }),
    );
  });
});
