/** The tag of somebody's own environment, from who it is and what he works on: the same in every one of his terminals. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isInstanceTag } from '../names/tag';

const LONGEST = 32;
/** Branches that say nothing of what somebody works on. */
const TRUNKS: readonly (string | undefined)[] = [undefined, 'main', 'master', 'develop', 'trunk'];

/**
 * `alice-feature-cart` for `alice` on `feature/cart`, `alice` on a trunk. What is longer than a tag may be is cut, and ends
 * with six digits of its hash, which tell it from others that begin alike.
 *
 * @returns undefined where no letter or digit is left
 */
export function defaultTag({
  user,
  branch,
}: {
  readonly user: string;
  readonly branch: string | undefined;
}): string | undefined {
  const words = TRUNKS.includes(branch) ? [user] : [user, branch as string];
  const whole = words.join('-');
  const tag = whole.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '');
  if (tag.length <= LONGEST) return isInstanceTag(tag) ? tag : undefined;
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, 6);
  return `${tag.slice(0, LONGEST - 7).replace(/-$/, '')}-${hash}`;
}

/** The branch that is checked out at a directory, by the files of git; undefined: none, or no repository. */
export function branchAt(directory: string): string | undefined {
  const git = gitDirectory(resolve(directory));
  if (git === undefined) return undefined;
  try {
    return /^ref: refs\/heads\/(.+)$/m.exec(readFileSync(join(git, 'HEAD'), 'utf8'))?.[1]?.trim();
  } catch {
    return undefined;
  }
}

function gitDirectory(directory: string): string | undefined {
  const path = join(directory, '.git');
  if (existsSync(path)) {
    if (statSync(path).isDirectory()) return path;
    // A worktree, or a submodule: the file names the directory.
    const named = /^gitdir: (.+)$/m.exec(readFileSync(path, 'utf8'))?.[1];
    return named && resolve(directory, named.trim());
  }
  const parent = dirname(directory);
  return parent === directory ? undefined : gitDirectory(parent);
}
