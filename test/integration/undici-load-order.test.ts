import { afterAll, beforeAll, expect, it } from 'vitest';
import type { NodeVersion } from '../../fixtures/node-versions';
import { describeOnEachNode } from './each-node';
import { type NacosEnvironment, nacosEnvironment } from './nacos-environment';
import { placeUndici, UNDICI, undiciDependencies, undiciFor } from './undici-versions';

const SERVICE = 'ordered';
const GENERATIONS = UNDICI.map(({ major }) => major);
/** What is loaded, or looked at, one after the other. */
const ORDERS = [['undici'], ['undici', 'globals'], ['globals', 'undici'], ['fetch', 'undici'], ['axios', 'undici']];
/** An undici of its own comes with it: once for each version of Node.js. */
const ORDERS_WITH_URLLIB = [
  ['urllib', 'undici'],
  ['globals', 'urllib', 'undici'],
];

let environment: NacosEnvironment;
beforeAll(async () => {
  environment = await nacosEnvironment({
    dependencies: {
      ...undiciDependencies(GENERATIONS),
      axios: '^1.7',
      // With undici 5 and 7.
      urllib3: 'npm:urllib@^3.27',
      urllib4: 'npm:urllib@^4.6',
    },
  });
  placeUndici(environment.sandbox, GENERATIONS);
  await Promise.all(
    ['base', 'gray'].map(name =>
      environment
        .start('nacos/service.js', { name, service: SERVICE }, name === 'base' ? {} : { GRAY_TAG: name })
        .waitFor('serving on'),
    ),
  );
}, 180_000);
afterAll(() => environment?.stop());

interface Result {
  /** Before each step: whether there is a dispatcher that copies share. */
  readonly shared: boolean[];
  /** By way and tag: the names of who answered, and the baggage that came. */
  readonly answers: Record<string, Record<string, string[]>>;
}

async function inOrder(node: NodeVersion, undici: number, order: readonly string[]): Promise<Result> {
  const { sandbox, start } = environment;
  const child = start(
    'nacos/load-order.js',
    {
      order,
      service: SERVICE,
      undici: sandbox.path(`v${undici}/node_modules/undici`),
      urllib: node.major < 20 ? 'urllib3' : 'urllib4',
    },
    {},
    node,
  );
  const { code, stdout } = await child.ended;
  if (code !== 0) throw child.failure(`ended with ${code}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Result;
}

const EXPECTED = {
  untagged: ['base: no baggage, to the host of base'],
  gray: ['gray: gray_tag=gray, to the host of gray'],
  // Nobody is there: the baseline answers, and the tag goes on.
  blue: ['base: gray_tag=blue, to the host of base'],
};

describeOnEachNode('calls by a dispatcher that copies of undici share carry their tag and go where it says', node => {
  const newest = undiciFor(node).at(-1);
  it.each(undiciFor(node))('undici $major, whatever is loaded before or after it', async ({ major }) => {
    const orders = major === newest?.major ? [...ORDERS, ...ORDERS_WITH_URLLIB] : ORDERS;
    const results = await Promise.all(orders.map(order => inOrder(node, major, order)));
    for (const [index, { shared, answers }] of results.entries()) {
      const order = orders[index] as string[];
      // The order is what it is meant to be: who comes first makes the dispatcher.
      expect(shared).toEqual(order.map((_, step) => step > 0));
      expect(Object.keys(answers).length).toBeGreaterThan(10);
      expect({ order, answers }).toEqual({
        order,
        answers: Object.fromEntries(Object.keys(answers).map(way => [way, EXPECTED])),
      });
    }
  });
});
