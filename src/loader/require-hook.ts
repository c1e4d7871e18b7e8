import Module, { createRequire } from 'node:module';
import type { Hook } from 'require-in-the-middle';
import { hasDebugOutput } from '../config/debug-output';

/**
 * The `Hook` of require-in-the-middle. Unless somebody wants debug output, it gets a `debug` that says nothing: the real
 * one is 5 ms of each process's start (a terminal's properties, colours, `util`).
 */
export function requireHook(): typeof Hook {
  const load = () => (require('require-in-the-middle') as typeof import('require-in-the-middle')).Hook;
  if (hasDebugOutput()) return load();
  const debug = createRequire(require.resolve('require-in-the-middle')).resolve('debug');
  if (require.cache[debug] !== undefined) return load();
  const silent = new Module(debug);
  silent.exports = () => () => {};
  silent.loaded = true;
  require.cache[debug] = silent;
  try {
    return load();
  } finally {
    // The application's own gets the real one.
    delete require.cache[debug];
  }
}
