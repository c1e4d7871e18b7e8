import { afterAll, expect, it } from 'vitest';
import { PRELOAD, runJson } from './child';
import { createSandbox, type Sandbox } from './sandbox';

const sandboxes: Sandbox[] = [];
afterAll(() => {
  for (const sandbox of sandboxes) sandbox.remove();
});

it.each(['5', '6', '7'])('undici %s: a handler and options used twice, and options of a class', async version => {
  const sandbox = await createSandbox({ dependencies: { undici: `^${version}` } });
  sandboxes.push(sandbox);
  const args = [...PRELOAD, 'undici-twice.cjs'];
  const seen = await runJson<string[]>({ args, cwd: sandbox.directory });
  expect(seen).toEqual(['none', 'gray_tag=gray', 'gray_tag=blue', 'none', 'gray_tag=gray', 'none']);
});
