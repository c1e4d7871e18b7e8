import { afterAll, beforeAll, expect, it } from 'vitest';
import { PRELOAD, runOk } from './child';
import { describeOnEachNode } from './each-node';
import { createSandbox, type Sandbox } from './sandbox';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox({ files: { 'empty.js': '', 'http.js': "require('node:http');" } });
});
afterAll(() => sandbox?.remove());

const PAIRS = 15;
/** What a start may cost on a slow machine, in milliseconds: a bound on what is absurd, not the goal. */
const ABSURD = 150;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number;

describeOnEachNode('what the preload adds to the start', node => {
  it.each(['empty.js', 'http.js'])('of %s', async script => {
    const time = async (...args: string[]) => {
      const begin = performance.now();
      await runOk({ node, env: { GRAY_TAG: 'gray' }, cwd: sandbox.directory, args: [...args, script] });
      return performance.now() - begin;
    };
    const differences: number[] = [];
    // In pairs, so that the machine's mood counts for both.
    for (let i = 0; i < PAIRS; i++) differences.push(-(await time()) + (await time(...PRELOAD)));
    const added = median(differences);
    console.log(`Node.js ${node.name}, ${script}: ${added.toFixed(1)} ms (median of ${PAIRS} pairs)`);
    expect(added).toBeLessThan(ABSURD);
  });
});
