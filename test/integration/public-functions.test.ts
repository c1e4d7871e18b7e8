import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PRELOAD, runJson } from './child';
import { describeOnEachNode } from './each-node';
import { createSandbox, type Sandbox } from './sandbox';

const USE = `
  const tag: string | undefined = activeTag();
  const result: number = runWithTag('gray', () => 1);
  const promise: Promise<string> = runWithTag('gray', async () => 'done');
  export const all = [tag, result, promise];
  // @ts-expect-error: the tag is not optional
  runWithTag(() => 1);
  // @ts-expect-error: no such function
  gray.setTag('gray');
`;
const compilerOptions = {
  module: 'node16',
  moduleResolution: 'node16',
  target: 'es2022',
  strict: true,
  skipLibCheck: false,
  noEmit: true,
  types: [],
};

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox({
    files: {
      'use/tsconfig.json': JSON.stringify({ compilerOptions, files: ['required.cts', 'imported.mts', 'assigned.cts'] }),
      'use/required.cts': `import * as gray from 'rocketmq-gray';\nimport { activeTag, runWithTag } from 'rocketmq-gray';\n${USE}`,
      'use/imported.mts': `import * as gray from 'rocketmq-gray';\nimport { activeTag, runWithTag } from 'rocketmq-gray';\n${USE}`,
      'use/assigned.cts': `import gray = require('rocketmq-gray');\nconst { activeTag, runWithTag } = gray;\n${USE}`,
      'use/wrong.mts': "import { nothing } from 'rocketmq-gray';\nnothing();\n",
    },
  });
});
afterAll(() => sandbox?.remove());

describe('types', () => {
  const tsc = createRequire(__filename).resolve('typescript/bin/tsc');
  const compile = (...args: string[]) =>
    promisify(execFile)(process.execPath, [tsc, ...args], { cwd: sandbox.path('use') }).then(
      () => '',
      (error: { stdout: string }) => error.stdout,
    );

  it('are found by CommonJS and ES modules', async () => {
    expect(await compile('-p', '.')).toBe('');
  });

  it('refuse what is not there', async () => {
    expect(await compile('--module', 'node16', '--noEmit', 'wrong.mts')).toContain("no exported member 'nothing'");
  });
});

describeOnEachNode('activeTag and runWithTag', node => {
  const BAD = ['', 'a_b', ' gray', 'x'.repeat(33), "'; DROP TABLE x", null];
  const refused = Object.fromEntries(BAD.map(tag => [JSON.stringify(tag), ['TypeError', false]]));
  const script = (how: string) => ({ node, cwd: sandbox.directory, args: [`functions/${how}`] });

  it.each(['commonjs.cjs', 'module.mjs'])('work for %s with the preload', async how => {
    const { args, ...app } = script(how);
    expect(await runJson({ ...app, args: [...PRELOAD, ...args] })).toEqual({
      outside: 'undefined',
      inside: 'gray',
      base: 'base',
      nested: ['gray', 'blue', 'gray'],
      later: ['gray', 'gray', 'gray'],
      afterwards: 'undefined',
      result: [1, 'promise'],
      thrown: 'from the application',
      refused,
    });
  });

  it.each(['commonjs.cjs', 'module.mjs'])('do no harm in %s without the preload', async how => {
    expect(await runJson(script(how))).toEqual({
      outside: 'undefined',
      inside: 'undefined',
      base: 'undefined',
      nested: ['undefined', 'undefined', 'undefined'],
      later: ['undefined', 'undefined', 'undefined'],
      afterwards: 'undefined',
      result: [1, 'promise'],
      thrown: 'from the application',
      refused,
    });
  });
});
