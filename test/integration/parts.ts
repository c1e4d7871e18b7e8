import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { PROJECT_ROOT } from '../../fixtures/applications/npm';
import type { Sandbox } from './sandbox';

/**
 * Writes `dist/parts.js` of the installed package, which exports what these files of src export: parts of the agent that the
 * package has within its bundles only, for tests of a part. Returns its path.
 */
export function writeParts(sandbox: Sandbox, files: readonly string[]): string {
  const outfile = join(sandbox.agentDirectory, 'dist', 'parts.js');
  const contents = files.map(file => `export * from './${file}';`).join('\n');
  buildSync({
    stdin: { contents, resolveDir: join(PROJECT_ROOT, 'src'), loader: 'ts' },
    bundle: true,
    platform: 'node',
    packages: 'external',
    logLevel: 'silent',
    outfile,
  });
  return outfile;
}
