import { describe, expect, it } from 'vitest';
import { ended, inKindOf, type Steps } from '../../src/instrumentations/ali-ons/either-kind';

/** Runs a generator as co does with what is yielded here: promises, and lists of them. */
async function co(steps: Steps): Promise<unknown> {
  let step = steps.next();
  while (!step.done) {
    const yielded = step.value;
    const promise = Array.isArray(yielded) ? Promise.all(yielded) : (yielded as Promise<unknown>);
    step = await promise.then(
      value => steps.next(value),
      error => steps.throw(error),
    );
  }
  return step.value;
}

const changed = (method: (this: unknown, ...args: number[]) => unknown) =>
  inKindOf(method, function* (this: { readonly by: number }, ...args: number[]) {
    yield Promise.resolve();
    return (yield* ended<number>(method.apply(this, args))) * this.by;
  });

describe('a method in either kind', () => {
  it('is an async function where the client has async functions', async () => {
    const method = changed(async (one = 0, other = 0) => one + other);
    expect(await method.call({ by: 10 }, 1, 2)).toBe(30);
    await expect(changed(() => Promise.reject(new Error('away'))).call({ by: 1 })).rejects.toThrow('away');
  });

  it('is a generator where it has generators, of which co runs all that they yield', async () => {
    const method = changed(function* (one, other) {
      const [first, second] = (yield [Promise.resolve(one), Promise.resolve(other)]) as [number, number];
      return first + second;
    });
    expect(await co(method.call({ by: 10 }, 1, 2) as Steps)).toBe(30);
    const failing = changed(function* () {
      yield Promise.reject(new Error('away'));
    });
    await expect(co(failing.call({ by: 1 }) as Steps)).rejects.toThrow('away');
  });

  it('catches what the method throws, in both kinds', async () => {
    const caught = (method: () => unknown) =>
      inKindOf(method, function* () {
        try {
          return yield* ended(method());
        } catch (error) {
          return (error as Error).message;
        }
      });
    expect(await caught(() => Promise.reject(new Error('one'))).call(undefined)).toBe('one');
    const generator = caught(function* () {
      yield Promise.reject(new Error('other'));
    });
    expect(await co(generator.call(undefined) as Steps)).toBe('other');
  });

  it('hands on what is neither a promise nor a generator', async () => {
    expect(await changed(() => 4).call({ by: 2 })).toBe(8);
  });
});
