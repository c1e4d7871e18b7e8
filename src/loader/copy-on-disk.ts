import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import type { CopySource } from './instrumentation';

/** The copy of a library that is in `directory`. */
export function copyOnDisk(directory: string): CopySource {
  // Read from disk: `require('x/package.json')` fails where the package's exports do not list it.
  const packageJson = path.join(directory, 'package.json');
  return {
    key: directory,
    directory,
    version: () => (JSON.parse(readFileSync(packageJson, 'utf8')) as { version: string }).version,
    require: file => createRequire(packageJson)(path.join(directory, file)),
    requireDependency: name => createRequire(packageJson)(name),
  };
}
