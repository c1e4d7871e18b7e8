/** Before these tests: the packed package, the image that carries it, and the tools that they need. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../fixtures/applications/npm';
import { buildImage } from '../../fixtures/image';
import { installDockerClient } from '../../fixtures/image/engine';
import { installBubblewrap } from '../../fixtures/kubernetes/container';
import { installMuslNode } from '../../fixtures/musl';
import { installNodeVersions } from '../../fixtures/node-versions';
import { providePackage } from '../integration/global-setup';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the OCI archive. */
    image: string;
  }
}

/** The part of vitest's TestProject that is used; its types are an ES module's, this file is none. */
interface Project {
  provide(name: 'tarball' | 'image', value: string): void;
}

export default async function setup(project: Project): Promise<() => void> {
  let tarball = '';
  const removePackage = await providePackage({
    provide(name, value) {
      tarball = value;
      project.provide(name, value);
    },
  });
  const directory = mkdtempSync(join(tmpdir(), 'rocketmq-gray-image-'));
  const archive = join(directory, 'image.oci.tar');
  const { version } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')) as { version: string };
  await buildImage({ tarball, version, archive }, console.log);
  project.provide('image', archive);
  await installBubblewrap(console.log);
  await installDockerClient(console.log);
  await installMuslNode(console.log);
  await installNodeVersions();
  return () => {
    rmSync(directory, { recursive: true, force: true });
    removePackage();
  };
}
