/** Bundles that tests make of files of a sandbox, with the plugins of the packed package. */
import { join } from 'node:path';
import { runOk } from './child';
import type { Sandbox } from './sandbox';

export interface BundleOptions {
  /** `esbuild17`: esbuild 0.17. */
  readonly bundler: 'esbuild' | 'esbuild17' | 'webpack';
  /** Path of the file within the sandbox. */
  readonly entry: string;
  /** Path of the bundle, there or absolute. */
  readonly outfile: string;
  readonly isMinified?: boolean;
  /** Default: true. */
  readonly hasPlugin?: boolean;
  /** Another plugin of esbuild before ours, which loads a file too. */
  readonly hasOtherFirst?: boolean;
  readonly format?: 'cjs' | 'esm';
}

/** What a sandbox depends upon to bundle. */
export const BUNDLERS = { esbuild: '^0.25.12', esbuild17: 'npm:esbuild@0.17.0', webpack: '^5' };

/** Bundles a file; returns the path of the bundle. @throws with what the bundler said */
export async function bundle(sandbox: Sandbox, options: BundleOptions): Promise<string> {
  const args = ['bundles/bundle.cjs', JSON.stringify(options)];
  await runOk({ cwd: sandbox.directory, args, timeout: 120_000 });
  return join(sandbox.directory, options.outfile);
}
