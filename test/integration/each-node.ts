import { describe, it } from 'vitest';
import { BINARIES_PACKAGE, chosenThatFit, hasBinaries, type NodeVersion } from '../../fixtures/node-versions';

/**
 * `describe` once for each version of Node.js that the run is for and that `only` lets through. Where binaries are missing a
 * skipped test says so.
 */
export function describeOnEachNode(
  name: string,
  tests: (node: NodeVersion) => void,
  only: (version: { readonly major: number }) => boolean = () => true,
): void {
  for (const version of chosenThatFit(only)) describe(`${name}, Node.js ${version.name}`, () => tests(version));
  if (!hasBinaries)
    it.skip(`${name}, other versions of Node.js: ${BINARIES_PACKAGE} has binaries for Linux on x64 only`);
}
