/** Before the integration tests: builds and packs the package once, and puts the Node.js versions in place. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../../fixtures/applications/lock';
import { CACHE, npm, PROJECT_ROOT } from '../../fixtures/applications/npm';
import { installNodeVersions } from '../../fixtures/node-versions';

declare module 'vitest' {
  interface ProvidedContext {
    /** Absolute path of the packed package. */
    tarball: string;
  }
}

/** The part of vitest's TestProject that is used; its types are an ES module's, this file is none. */
interface Project {
  provide(name: 'tarball', value: string): void;
}

export default async function setup(project: Project): Promise<() => void> {
  const remove = await providePackage(project);
  await installNodeVersions();
  return remove;
}

/** Builds and packs the package, unless TEST_TARBALL names one that is packed; returns what removes it again. */
export async function providePackage(project: Project): Promise<() => void> {
  const packed = process.env.TEST_TARBALL;
  if (packed) {
    project.provide('tarball', packed);
    return () => {};
  }
  const directory = mkdtempSync(join(tmpdir(), 'rocketmq-gray-pack-'));
  // Packing builds, which empties dist: two test runs must not do it at once.
  await withLock(join(CACHE, 'pack.lock'), () => npm(PROJECT_ROOT, ['pack', '--pack-destination', directory]));
  const tarball = readdirSync(directory).find(file => file.endsWith('.tgz'));
  if (tarball === undefined) throw new Error(`npm pack left no tarball in ${directory}`);
  project.provide('tarball', join(directory, tarball));
  return () => rmSync(directory, { recursive: true, force: true });
}
