import { describe, it } from 'vitest';
import { BINARIES_PACKAGE, hasBinaries, NODE_VERSIONS, type NodeVersion } from '../../fixtures/node-versions';

/**
 * `describe` once for each version of Node.js (of those that `only` lets through). Where versions are missing a skipped
 * test says so.
 */
export function describeOnEachNode(
  name: string,
  tests: (node: NodeVersion) => void,
  only: (version: { readonly major: number }) => boolean = () => true,
): void {
  for (const version of NODE_VERSIONS.filter(only)) describe(`${name}, Node.js ${version.name}`, () => tests(version));
  if (!hasBinaries)
    it.skip(`${name}, other versions of Node.js: ${BINARIES_PACKAGE} has binaries for Linux on x64 only`);
}
