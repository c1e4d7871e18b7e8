import * as nodeModule from 'node:module';
import { pathToFileURL } from 'node:url';
import { isMainThread, parentPort } from 'node:worker_threads';
import { copyOnDisk } from './copy-on-disk';
import type { FileHandler } from './instrumentation';

/** The part of import-in-the-middle/register-hooks.mjs that is used. */
interface SynchronousHooks {
  supportsSyncHooks(): boolean;
  register(options: { readonly include: readonly RegExp[] }): void;
}

/**
 * Watches ES modules of the named packages. Synchronous hooks where Node.js has them (22.22.3, 24.11.1, 26); else the
 * asynchronous kind, which costs a thread (Node 20: about 60 ms and 20 MB) and runs the preload a second time in it.
 */
export function installEsModuleHook(modules: readonly string[], onFile: FileHandler): void {
  const { Hook } = require('import-in-the-middle') as typeof import('import-in-the-middle');
  const include = modules.map(name => new RegExp(`/node_modules/${name.replace(/[.]/g, '\\$&')}/`));
  // Loaded only where `require` of an ES module is there: it came before registerHooks.
  const synchronous =
    'registerHooks' in nodeModule
      ? (require('import-in-the-middle/register-hooks.mjs') as SynchronousHooks)
      : undefined;
  if (synchronous?.supportsSyncHooks()) {
    synchronous.register({ include });
  } else if (isMainThread || parentPort !== null) {
    // Not in a loader thread, which has no parent port.
    nodeModule.register('import-in-the-middle/hook.mjs', pathToFileURL(__filename), { data: { include } });
  }
  new Hook([...modules], { internals: true }, (exports, name, directory) => {
    if (directory) onFile(exports, name.split('\\').join('/'), copyOnDisk(directory));
  });
}
