/** What both sides of the client share: its messages, and generators, which its 2.x are written with. */
import type { LibraryCopy } from '../../agent/instrumentation';

/** `MixAll.RETRY_GROUP_TOPIC_PREFIX` */
export const RETRY_TOPIC = '%RETRY%';

export interface Message {
  readonly msgId: string;
  readonly topic: string;
  readonly tags?: string;
  readonly reconsumeTimes: number;
  readonly queueOffset: number;
  readonly properties: Record<string, string>;
}

export function isGeneratorFunction(value: unknown): boolean {
  return typeof value === 'function' && value.constructor.name === 'GeneratorFunction';
}

export function isGenerator(value: unknown): value is Generator {
  return typeof (value as Partial<Generator> | undefined)?.next === 'function';
}

/** Brings what a method of the client returned to its end: a promise in 3.x, in 2.x a generator. */
export type Settle = <T = unknown>(result: unknown) => Promise<T>;

/** The generators of `copy` are run by its own co. */
export function settleFor(copy: LibraryCopy): Settle {
  return async <T>(result: unknown): Promise<T> => {
    return isGenerator(result)
      ? (copy.requireDependency('co') as (generator: unknown) => Promise<T>)(result)
      : (result as T);
  };
}
