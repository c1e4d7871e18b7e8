/**
 * Methods in the kind that a version of the client has: async functions in 3.x, in 2.x generators that its co runs. They are
 * written once, as generators.
 */
import type { AnyFunction } from '../../foreign-objects/wrap';
import { isGenerator, isGeneratorFunction } from './message';

export type Steps<Result = unknown> = Generator<unknown, Result, unknown>;

/**
 * @param method the client's own, whose kind it is; not one that forwards to it
 * @param steps yields promises alone; what others return is brought to its end by {@link ended}
 */
export function inKindOf<This, Args extends unknown[]>(
  method: AnyFunction,
  steps: (this: This, ...args: Args) => Steps,
): AnyFunction {
  if (isGeneratorFunction(method)) return steps as AnyFunction;
  return async function (this: unknown, ...args: unknown[]) {
    return run(steps.apply(this as This, args as Args));
  };
}

/** Brings what a method returned to its end, within a generator. */
export function* ended<Result = unknown>(returned: unknown): Steps<Result> {
  if (isGenerator(returned)) return (yield* returned) as Result;
  const isPromise = typeof (returned as Partial<PromiseLike<unknown>> | undefined)?.then === 'function';
  // Not everything may be yielded to co.
  return (isPromise ? yield returned : returned) as Result;
}

async function run(steps: Steps): Promise<unknown> {
  let step = steps.next();
  while (step.done !== true) {
    let value: unknown;
    try {
      value = await step.value;
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(value);
  }
  return step.value;
}
