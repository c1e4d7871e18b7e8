import { afterAll, beforeAll, expect, it } from 'vitest';
import { PRELOAD, runJson } from './child';
import { describeOnEachNode } from './each-node';
import { createSandbox, type Sandbox } from './sandbox';
import { type Expected, expectPropagated, type SeenCall } from './seen-calls';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox({
    dependencies: {
      '@apachedubbo/dubbo': '3.0.0-alpha',
      '@apachedubbo/dubbo-node': '3.0.0-alpha',
      '@bufbuild/protobuf': '^1.2.1',
    },
  });
});
afterAll(() => sandbox?.remove());

describeOnEachNode('calls of @apachedubbo/dubbo over Triple carry the tag of their caller', node => {
  it('and are handled within it', async () => {
    const check = async (expected: Expected) => {
      const args = [...(expected.agent ? PRELOAD : []), 'triple/calls.mjs', '200'];
      const calls = await runJson<readonly SeenCall[]>({ node, cwd: sandbox.directory, args });
      expect(calls.find(({ error }) => error !== undefined)).toBeUndefined();
      return expectPropagated(calls, expected);
    };
    const [bare, agent] = await Promise.all([check({ agent: false }), check({ agent: true })]);
    expect(agent).toEqual(bare);
    expect(agent).toHaveLength(8);
  });
});
