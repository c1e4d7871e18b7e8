import { errorText } from '../foreign-objects/error-text';
import { hookLines } from '../lines/hooks';
import type { Log } from '../log';

/** Runs agent code on the application's stack: what it throws is said once for each `name`, never passed on. */
export interface Guard {
  /** The result of `fn`, or `fallback` when it throws. */
  <T>(name: string, fallback: T, fn: () => T): T;
  report(name: string, error: unknown): void;
}

/** @param onError told of each error, by the name of the hook */
export function createGuard(log: Log, onError: (name: string) => void): Guard {
  const report = (name: string, error: unknown) => {
    onError(name);
    log.say(hookLines.failed, { name, problem: errorText(error) });
    if (error instanceof Error && error.stack !== undefined) log.say(hookLines.trace, { name, stack: error.stack });
  };
  const guard = <T>(name: string, fallback: T, fn: () => T): T => {
    try {
      return fn();
    } catch (error) {
      report(name, error);
      return fallback;
    }
  };
  return Object.assign(guard, { report });
}
