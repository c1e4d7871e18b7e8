/** npm as the test harness runs it. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const PROJECT_ROOT = join(__dirname, '..', '..');
/** Git-ignored: what is expensive to install, kept between runs. */
export const CACHE = join(PROJECT_ROOT, '.cache');

/** @throws an error with npm's whole output when npm fails. */
export async function npm(cwd: string, ...args: string[]): Promise<void> {
  try {
    await promisify(execFile)('npm', args, { cwd, maxBuffer: 1 << 26 });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`npm ${args.join(' ')} failed in ${cwd}\n${stdout ?? ''}${stderr ?? ''}`);
  }
}

/** Installs the packages `specs` (`name`, `name@range`, a tarball) into `directory`, without their install scripts. */
export async function npmInstall(directory: string, specs: readonly string[]): Promise<void> {
  const quietly = ['--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', '--prefer-offline'];
  await npm(directory, 'install', ...quietly, ...specs);
}
