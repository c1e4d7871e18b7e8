import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chosenThatFit } from '../../fixtures/node-versions';
import { PRELOAD, runJson } from '../integration/child';
import { createSandbox, type Sandbox } from '../integration/sandbox';

/** By call and request: of each request that was sent, each `baggage` header with the names of its members. */
type Carried = Record<string, string[][][]>;

// Each brings releases of OpenTelemetry of its own: not in one installation.
describe.each([8, 9, 10])('beside Sentry %i', major => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createSandbox({ dependencies: { '@sentry/node': `^${major}` } });
  });
  afterAll(() => sandbox?.remove());

  it.each(chosenThatFit(node => node.major >= 20))(
    'a tagged call has one baggage header, our entry first, each entry once: Node.js $name',
    async node => {
      const app = (args: readonly string[]) =>
        runJson<Carried>({ node, cwd: sandbox.directory, args: [...args, 'opentelemetry/sentry.cjs'] });
      const [bare, agent] = await Promise.all([app([]), app(PRELOAD)]);
      expect(Object.keys(agent)).toEqual(Object.keys(bare));
      for (const [call, requests] of Object.entries(bare)) {
        expect({ call, count: requests.length }).toEqual({ call, count: 1 });
        // Sentry 8 and 9 send two headers, and some members twice, where the application has one of its own.
        const names = new Set(requests.flat(2));
        expect(names.size).toBeGreaterThan(2);
        const expected = call.endsWith('untagged') ? requests : [[['gray_tag', ...names]]];
        expect({ call, carried: agent[call] }).toEqual({ call, carried: expected });
      }
    },
  );
});
