// `npm run image [-- --arch arm64 --busybox FILE]`: the agent in an image, as an OCI archive in .cache/image, without a Docker
// daemon. For another processor than this machine's, a static busybox for it is needed.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { fixture, prepare, say } from './prepare.mjs';

try {
  const { values } = parseArgs({ options: { arch: { type: 'string' }, busybox: { type: 'string' } } });
  if (values.arch !== undefined && values.busybox === undefined) {
    throw new Error('--arch needs --busybox FILE: a static busybox for that processor');
  }
  prepare.installDependencies();
  prepare.buildAgent();
  prepare.buildFixtures();
  const { archivePath, buildImage } = await fixture('image');
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  const archive = archivePath(version);
  const options = { tarball: prepare.pack(), version, archive, architecture: values.arch, busybox: values.busybox };
  const { name, size } = await buildImage(options, say);
  console.log(`${name}, ${(size / 1e6).toFixed(1)} MB: ${relative(process.cwd(), archive)}`);
} catch (error) {
  say(error instanceof Error ? error.message : `${error}`);
  process.exit(1);
}
