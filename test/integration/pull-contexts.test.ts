import { afterAll, beforeAll, expect, it } from 'vitest';
import { runJson } from './child';
import { describeOnEachNode } from './each-node';
import { writeParts } from './parts';
import { createSandbox, type Sandbox } from './sandbox';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox();
  writeParts(sandbox, ['context/active-tag', 'rocketmq/pull/message-batch']);
});
afterAll(() => sandbox?.remove());

describeOnEachNode('pulled batches', node => {
  it('follow each message, however they are taken, side by side', async () => {
    const args = ['pull-contexts.cjs'];
    const seen = await runJson<{ checks: number; wrong: object }>({ node, args, cwd: sandbox.directory });
    expect(seen.wrong).toEqual({});
    expect(seen.checks).toBeGreaterThan(1000);
  });
});
