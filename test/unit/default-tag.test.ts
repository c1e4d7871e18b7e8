import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { branchAt, defaultTag } from '../../src/command-line/default-tag';
import { isInstanceTag } from '../../src/names/tag';

describe('the tag of somebody’s own environment', () => {
  it.each([
    ['alice', undefined, 'alice'],
    ['alice', 'main', 'alice'],
    ['alice', 'master', 'alice'],
    ['alice', 'cart', 'alice-cart'],
    ['alice', 'feature/cart_2', 'alice-feature-cart-2'],
    ['CORP\\alice', 'fix/#12', 'CORP-alice-fix-12'],
    ['_alice_', undefined, 'alice'],
    ['爱丽丝', 'cart', 'cart'],
    ['爱丽丝', undefined, undefined],
    ['base', undefined, undefined],
    ['alice', 'feature/PROJ-1234-a-long-description', 'alice-feature-PROJ-1234-a-adc4b5'],
    ['alice', 'feature/PROJ-1234-a-long-story', 'alice-feature-PROJ-1234-a-84b17b'],
  ])('%s on %s: %s', (user, branch, tag) => {
    expect(defaultTag({ user, branch })).toBe(tag);
  });

  it('is one, or there is none', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(text, fc.option(text, { nil: undefined }), (user, branch) => {
        const tag = defaultTag({ user, branch });
        expect(tag === undefined || isInstanceTag(tag)).toBe(true);
      }),
    );
  });
});

describe('the branch at a directory', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rocketmq-gray-branch-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: directory, stdio: 'pipe' });

  it('is that of the repository it is in, of a worktree as well', () => {
    expect(branchAt(directory)).toBeUndefined();
    git('init', '-q', '-b', 'feature/cart');
    mkdirSync(join(directory, 'a', 'b'), { recursive: true });
    expect(branchAt(join(directory, 'a', 'b'))).toBe('feature/cart');
    git('commit', '-q', '--allow-empty', '-m', 'x');
    git('worktree', 'add', '-q', '-b', 'other', join(directory, 'worktree'));
    expect(branchAt(join(directory, 'worktree'))).toBe('other');
    git('checkout', '-q', '--detach');
    expect(branchAt(directory)).toBeUndefined();
  });

  it('is none where the files say something else', () => {
    writeFileSync(join(directory, '.git'), 'what');
    expect(branchAt(directory)).toBeUndefined();
    writeFileSync(join(directory, '.git'), 'gitdir: nowhere');
    expect(branchAt(directory)).toBeUndefined();
  });
});
