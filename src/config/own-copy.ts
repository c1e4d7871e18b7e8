/**
 * The copy of the package that an application brings along, beside the one that was put there from outside (an injected one). The
 * application was tested with its own, whichever of the two is newer, and imports its functions.
 */
import { readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import type { Environment } from './environment';

export interface OwnCopy {
  readonly version: string;
  readonly directory: string;
  /** The preload. */
  readonly register: string;
}

/**
 * @param injected the directory of the injected copy
 * @param script the main script, as `process.argv` has it; undefined: there is none
 * @param directory where the process was started
 */
export function findOwnCopy(
  injected: string,
  script: string | undefined = process.argv[1],
  directory: string = process.cwd(),
): OwnCopy | undefined {
  for (const from of [scriptDirectory(script), directory]) {
    const own = from === undefined ? undefined : copyFrom(from);
    if (own !== undefined && realpathSync(own.directory) !== realpathSync(injected)) return own;
  }
  return undefined;
}

/** Where the modules of the script are looked for: a command in `.bin` is a link to it. */
function scriptDirectory(script: string | undefined): string | undefined {
  if (script === undefined) return undefined;
  try {
    return path.dirname(realpathSync(script));
  } catch {
    // `node app`: Node.js finds app.js itself.
    return path.dirname(path.resolve(script));
  }
}

function copyFrom(directory: string): OwnCopy | undefined {
  try {
    const { resolve } = createRequire(path.join(directory, 'any.js'));
    const manifest = resolve('rocketmq-gray/package.json');
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
    return { version, directory: path.dirname(manifest), register: resolve('rocketmq-gray/register') };
  } catch {
    return undefined;
  }
}

/** Whether people want to read what is no problem, as far as variables tell. */
export function saysInformation({ GRAY_ENABLED: enabled = '', GRAY_LOG_LEVEL: level = '' }: Environment): boolean {
  const isOff = ['false', '0'].includes(enabled.trim().toLowerCase());
  return !isOff && !['silent', 'error', 'warn'].includes(level.trim());
}
