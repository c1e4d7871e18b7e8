/** `npm run demo`, `chaos`, `bench` and `versions`: their options are looked at before anything is built or fetched. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(__dirname, '../..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
const PROGRAMS = Object.entries(scripts).flatMap(([name, command]) => {
  const [, folder] = /^node scripts\/run\.mjs (\S+)$/.exec(command) ?? [];
  return folder === undefined ? [] : [{ name, folder }];
});

const run = (folder: string, ...args: readonly string[]) =>
  spawnSync(process.execPath, ['scripts/run.mjs', folder, ...args], { cwd: root, encoding: 'utf8' });

it('each has its options beside it', () => {
  expect(PROGRAMS.map(({ name }) => name).sort()).toEqual(['bench', 'chaos', 'demo', 'versions']);
  for (const { folder } of PROGRAMS) {
    expect(['options.ts', 'run.ts'].filter(file => existsSync(join(root, folder, file)))).toHaveLength(2);
  }
});

describe.each(PROGRAMS)('npm run $name', ({ name, folder }) => {
  it('tells how it is used, and does nothing else', () => {
    const { status, stdout, stderr } = run(folder, '--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^usage: npm run ${name} -- `));
    expect(stdout).not.toContain('setup:');
  });

  it('refuses a wrong option at once', () => {
    const { status, stdout, stderr } = run(folder, '--nonsense');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^Unknown option '--nonsense'; usage: npm run ${name} -- .+\n$`));
  });
});
