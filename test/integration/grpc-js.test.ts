import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeVersion } from '../../fixtures/node-versions';
import { PRELOAD, runJson } from './child';
import { describeOnEachNode } from './each-node';
import { createSandbox, type Sandbox } from './sandbox';
import { type Expected, expectPropagated, type SeenCall } from './seen-calls';

/** The oldest and the newest; between them those where the parts that are hooked were rewritten. */
const OLDEST = '1.0.0';
const NEWEST = '^1.14.7';
const BETWEEN = ['1.3.8', '1.7.3', '1.8.22', '1.9.16', '1.10.12', '1.12.7'];

const directoryOf = (version: string) => `grpc-${version.replace(/[^0-9.]/g, '')}`;

let sandbox: Sandbox;
beforeAll(async () => {
  const versions = [OLDEST, ...BETWEEN, NEWEST];
  sandbox = await createSandbox({
    dependencies: Object.fromEntries(versions.map(version => [directoryOf(version), `npm:@grpc/grpc-js@${version}`])),
  });
  for (const version of versions) sandbox.unalias(directoryOf(version), directoryOf(version), '@grpc/grpc-js');
});
afterAll(() => sandbox?.remove());

interface Printed {
  /** Metadata that the application used for many calls, after all of them. */
  readonly own: Record<string, string>;
  readonly results: readonly SeenCall[];
}

async function check(version: string, env: Record<string, string>, expected: Expected, node?: NodeVersion) {
  // Retries came with 1.8.
  const hasRetries = Number(/\d+\.(\d+)/.exec(version)?.[1]) >= 8;
  const script = ['grpc/calls.cjs', directoryOf(version), '210', ...(hasRetries ? [] : ['without-retries'])];
  const args = [...(expected.agent ? PRELOAD : []), ...script];
  const { own, results } = await runJson<Printed>({ cwd: sandbox.directory, args, env, ...(node && { node }) });
  expect(own).toEqual({ baggage: 'own=1', other: 'value' });
  expect(results.find(({ error }) => error !== undefined)).toBeUndefined();
  const streams = ['bidi', 'clientStream', 'serverStream'];
  const kinds = ['cancelled', ...streams, 'throughInterceptors', 'unary', ...(hasRetries ? ['flaky'] : [])];
  expect(expectPropagated(results, expected)).toEqual(kinds.sort());
}
async function checkWithAndWithout(version: string, node?: NodeVersion) {
  await Promise.all([check(version, {}, { agent: false }, node), check(version, {}, { agent: true }, node)]);
}

describeOnEachNode('calls of every kind carry the tag of their caller, and are handled within it', node => {
  it.each([OLDEST, NEWEST])('@grpc/grpc-js %s', version => checkWithAndWithout(version, node));
});

describe('the same with', () => {
  it.each(BETWEEN)('@grpc/grpc-js %s', version => checkWithAndWithout(version));
});

describe('a server that is given its connections', () => {
  // That came with 1.11.
  it.each(['1.12.7', NEWEST])('@grpc/grpc-js %s', async version => {
    const args = [...PRELOAD, 'grpc/injected.cjs', directoryOf(version)];
    expect(await runJson({ cwd: sandbox.directory, args })).toEqual({ handled: 'gray' });
  });
});

describe('metadata under', () => {
  it.each<[string, Record<string, string>, Omit<Expected, 'agent'>]>([
    ['GRAY_TAG', { GRAY_TAG: 'canary' }, { instance: 'canary' }],
    ['GRAY_INTEROP=mse', { GRAY_INTEROP: 'mse' }, { mse: true }],
    ['GRAY_INBOUND=ignore', { GRAY_INBOUND: 'ignore' }, { ignore: true }],
    [
      'GRAY_INBOUND=ignore in a canary',
      { GRAY_INBOUND: 'ignore', GRAY_INTEROP: 'mse', GRAY_TAG: 'canary' },
      { ignore: true, mse: true, instance: 'canary' },
    ],
  ])('%s', (_name, env, expected) => check(NEWEST, env, { agent: true, ...expected }));
});
